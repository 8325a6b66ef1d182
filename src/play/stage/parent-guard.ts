/**
 * Loaded first in the processes that the demo starts. When the demo is gone for any reason, the process ends as at SIGTERM, so
 * no orphan stays behind.
 */
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
