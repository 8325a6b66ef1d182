/**
 * Loaded before everything else in the processes that the demo starts: when the demo is gone, however it went, the
 * process ends as at SIGTERM. Nothing is left running that nobody knows of.
 */
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
