#!/bin/sh
# The operator's command, with the settings of the service and as its user, so that files keep their owner.
set -eu
if [ -z "${HUB_CONFIG:-}" ] && [ -r /etc/lienthong/hub.env ]; then
  set -a
  . /etc/lienthong/hub.env
  HUB_CONFIG=${HUB_CONFIG:-/etc/lienthong/hub.config.json}
  HUB_DATA_DIR=${HUB_DATA_DIR:-/var/lib/lienthong/data}
  set +a
fi
command='/usr/bin/node /usr/lib/lienthong/bin/lienthong.mjs'
# `init` and `restore --settings` write below /etc, which only root may.
case " $* " in ' init '* | ' restore '*' --settings'*) keeps_root=yes ;; *) keeps_root= ;; esac
if [ "$(id -u)" = 0 ] && [ -z "$keeps_root" ]; then
  exec setpriv --reuid lienthong --regid lienthong --init-groups $command "$@"
fi
exec $command "$@"
