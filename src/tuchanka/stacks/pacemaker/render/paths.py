"""Where the cluster's own files are on a Debian node: the packages' defaults."""

CIB = "/var/lib/pacemaker/cib/cib.xml"
COROSYNC_KEY = "/etc/corosync/authkey"
WATCHDOG = "/dev/watchdog"
