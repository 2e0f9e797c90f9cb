# shellcheck shell=sh
# The virtual environment .venv, made from uv.lock. Sourced after host.sh; expects $root, and to be run in it.
: "${root:?}"

uv_version=0.13.9
stamp=.venv/.tuchanka-stamp # "hash groups checkout": what .venv was last made from

# What we make in another user's checkout as root is theirs.
give_back() {
    [ "$(id -u)" = 0 ] && [ "$(owner)" != 0 ] || return 0
    for made in .venv .mypy_cache .ruff_cache .hypothesis; do
        [ ! -e "$made" ] || chown -hR "$(stat -c %u:%g "$root")" "$made"
    done
}

tidy() {
    [ ! -w /etc ] || forget_default_instance
    give_back
}

# Settles what every script wants of Python, before .venv is made or used.
settle_python() {
    unset PYTHONHOME PYTHONPATH VIRTUAL_ENV UV_PYTHON UV_PROJECT_ENVIRONMENT
    [ "$(owner)" = "$(id -u)" ] || export PYTHONDONTWRITEBYTECODE=1 # no files of root's all over the checkout
    trap tidy EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

venv_hash() { cat uv.lock pyproject.toml | sha256sum | cut -d' ' -f1; }

# Whether .venv is what uv.lock says, with at least these groups: venv_fresh run|dev
venv_fresh() {
    [ -x .venv/bin/tuchanka ] && [ -r "$stamp" ] && read -r hash groups place <"$stamp" || return 1
    [ "$hash" = "$(venv_hash)" ] && [ "$place" = "$root" ] || return 1
    [ "$groups" = dev ] || [ "$groups" = "$1" ] || return 1
    python_runs
}

python_runs() {
    timeout 20 .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# Makes .venv, or brings it up to date: make_venv run|dev
make_venv() {
    venv_fresh "$1" && return 0
    [ ! -e .venv ] || [ -w .venv ] || die ".venv belongs to another user: sudo chown -R $(id -un) .venv"
    case "$1" in dev) what="the program and the tools for its tests" ;; *) what="the program" ;; esac
    say "installing $what into .venv, as uv.lock says (with uv $uv_version)"
    begin_venv
    rm -f "$stamp"
    timeout 60 .venv/bin/python -m pip --version >/dev/null 2>&1 ||
        timeout 120 .venv/bin/python -m ensurepip >/dev/null || die "no pip in .venv: remove .venv and try again"
    timeout 600 .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-warn-script-location \
        --root-user-action ignore "uv==$uv_version" >&2 || die "pip could not install uv $uv_version: see above"
    fill_venv "$1"
    printf '%s %s %s\n' "$(venv_hash)" "$1" "$root" >"$stamp"
    give_back
}

# An interrupted or outdated .venv is made anew; one of another checkout holds that one's paths.
begin_venv() {
    if [ -e .venv ] && python_runs; then
        [ -r "$stamp" ] || return 0
        read -r hash groups place <"$stamp"
        [ "$place" != "$root" ] || return 0
    fi
    python=$(find_python 3.11) || die "$(python_wanted) with venv is needed: apt-get install python3-venv"
    timeout 120 "$python" -m venv --clear .venv >&2 || die "$python could not make .venv: see above"
}

fill_venv() {
    case "$1" in dev) groups=--all-groups ;; *) groups=--no-dev ;; esac
    # Copies, not links into uv's cache: give_back changes the owner of what is in .venv.
    # --inexact leaves uv and pip themselves in place.
    if timeout 900 .venv/bin/uv sync --quiet --frozen --inexact --system-certs --no-python-downloads \
        --link-mode copy --compile-bytecode "$groups" </dev/null >&2; then
        return 0
    fi
    say "uv could not fetch everything; trying with pip, which knows other package indexes from its settings"
    .venv/bin/uv export --quiet --frozen --no-emit-project "$groups" --output-file .venv/locked.txt >&2 ||
        die "uv could not read uv.lock: see above"
    timeout 900 .venv/bin/python -m pip install --quiet --require-hashes -r .venv/locked.txt </dev/null >&2 ||
        die "the packages in uv.lock could not be installed: see above"
    timeout 300 .venv/bin/python -m pip install --quiet --no-deps --editable . </dev/null >&2 ||
        die "the checkout itself could not be installed into .venv: see above"
}
