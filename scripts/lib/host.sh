# shellcheck shell=sh
# What the host has and lacks, and installing what it lacks. Sourced; expects $root, the checkout.
: "${root:?}"

PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin" # sudo and plain users may lack some
export PATH
os_release="${TUCHANKA_OS_RELEASE:-/etc/os-release}" # another file is for the tests of these scripts

inotify_wanted=512

# The lists of what is needed: of all labs, and of each provider's.
listed() { cat "$root/src/tuchanka/doctor/packages.txt" "$root"/src/tuchanka/providers/*/packages.txt; }

say() { printf 'tuchanka: %s\n' "$*" >&2; }

# The user id that the checkout belongs to: another one than ours under sudo.
owner() { stat -c %u "$root"; }

# One line, exit status 3: could not do it.
die() {
    say "$*"
    exit 3
}

debian_like() {
    # shellcheck disable=SC1090 # a file of plain assignments, read in a subshell
    words=$( (. "$os_release" && printf '%s %s' "${ID:-}" "${ID_LIKE:-}") 2>/dev/null) || return 1
    case " $words " in
    *" debian "* | *" ubuntu "*) command -v apt-get >/dev/null && command -v dpkg >/dev/null ;;
    *) return 1 ;;
    esac
}

# The first Python that is new enough and can make virtual environments: find_python 3.11
find_python() {
    choices="python3 /usr/bin/python3 python3.14 python3.13 python3.12 python3.11"
    # A Python below another user's home (pyenv under sudo) couldn't be run by the checkout's owner.
    [ "$(owner)" = "$(id -u)" ] || choices="/usr/bin/python3"
    for choice in $choices; do
        timeout 20 "$choice" - "$1" >/dev/null 2>&1 <<'PYTHON' || continue
import ensurepip, sys, venv
wanted = tuple(map(int, sys.argv[1].split(".")))
sys.exit(sys.version_info[: len(wanted)] < wanted)
PYTHON
        command -v "$choice"
        return 0
    done
    return 1
}

# Whether one of the alternatives in the list's third column is there.
present() {
    case "$1" in python:*)
        find_python "${1#python:}" >/dev/null
        return
        ;;
    esac
    old_ifs=$IFS
    IFS='|'
    there=1
    for choice in $1; do # unquoted: it is split at |, and a path's * is expanded
        case "$choice" in
        /*) [ -e "$choice" ] && there=0 ;;
        *) command -v "$choice" >/dev/null && there=0 ;;
        esac
    done
    IFS=$old_ifs
    return $there
}

# One line for each missing piece: "package what what-for". missing run|test; test means run and test.
missing() {
    listed | while read -r when package what purpose; do
        case "$when" in '' | \#*) continue ;; esac
        [ "$when" != test ] || [ "$1" = test ] || continue
        present "$what" || printf '%s %s %s\n' "$package" "$what" "$purpose"
    done
}

missing_packages() { missing "$1" | cut -d' ' -f1 | sort -u | tr '\n' ' '; }

# Makes sure that everything is there, or says what to do: prepare_host run|test
prepare_host() {
    [ "$(uname -s)" = Linux ] || die "a lab needs Linux; this is $(uname -s)"
    debian_like || refuse_other_host "$1"
    [ "$(id -u)" = 0 ] || die "making machines and installing packages needs root: sudo $0"
    raise_inotify
    packages=$(missing_packages "$1")
    [ -n "$packages" ] || return 0
    say "this host lacks, and apt-get now installs: $packages"
    # shellcheck disable=SC2086 # a list of words
    install_packages $packages
    lacking=$(missing "$1")
    case "$lacking" in
    '') ;;
    *python:*) die "$(python_wanted) is needed, with venv; this host has $(python3 --version 2>&1)" ;;
    *) die "still missing after installing $packages: $(printf '%s\n' "$lacking" | cut -d' ' -f2 | tr '\n' ' ')" ;;
    esac
}

refuse_other_host() {
    say "this host isn't Debian-like, so nothing is installed on it. What is missing:"
    lacking=$(missing "$1")
    if [ -z "$lacking" ]; then
        say "    nothing"
    else
        printf '%s\n' "$lacking" | while read -r package what purpose; do
            say "    ${what%%|*} ($purpose; in Debian it comes with $package)"
        done
    fi
    die "with all of it in place, scripts/check makes .venv; then use .venv/bin/tuchanka"
}

python_wanted() { listed | sed -n 's/.* python:\([0-9.]*\) .*/Python \1 or newer/p'; }

# The systemd of every machine takes some of root's inotify instances; the kernel's 128 are soon used up.
raise_inotify() {
    file=/proc/sys/fs/inotify/max_user_instances
    [ "$(cat "$file")" -lt "$inotify_wanted" ] || return 0
    say "raising fs.inotify.max_user_instances from $(cat "$file") to $inotify_wanted, until the next boot"
    echo "$inotify_wanted" > "$file"
}

install_packages() {
    export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l # list, never restart the host's services
    known_packages "$@" || update_packages
    for attempt in 1 2 3; do
        if without_default_instance timeout 900 apt-get -qq -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 \
            -o Acquire::Retries=3 install --no-install-recommends "$@" </dev/null >&2; then
            return 0
        fi
        [ "$attempt" = 3 ] || update_packages # the lists may be older than what the archive still has
    done
    die "apt-get could not install: $*; see its messages above"
}

known_packages() {
    for name in "$@"; do
        apt-cache policy "$name" 2>/dev/null | grep -q '^  Candidate: [^(]' || return 1
    done
}

update_packages() {
    timeout 300 apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 update </dev/null >&2 ||
        say "apt-get update had errors; going on with what it got"
}

# Debian's PostgreSQL packages make and start an instance when they are installed: not on this host.
no_default_instance=/etc/postgresql-common/createcluster.d/tuchanka-install.conf

without_default_instance() {
    mkdir -p "${no_default_instance%/*}"
    echo 'create_main_cluster = false' >"$no_default_instance"
    status=0
    "$@" || status=$?
    forget_default_instance
    return $status
}

# The host's own later installations are none of our business.
forget_default_instance() {
    [ -e "$no_default_instance" ] || return 0
    rm -f "$no_default_instance"
    rmdir "${no_default_instance%/*}" /etc/postgresql-common 2>/dev/null || true # only where empty
}
