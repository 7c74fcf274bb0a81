set -e
[ -d build-dev ] || meson setup --prefix=/usr --sysconfdir=/etc --localstatedir=/var build-dev >/tmp/ms.log 2>&1 || { tail -30 /tmp/ms.log; exit 1; }
ninja -C build-dev 2>&1 | grep -E "error|warning|FAILED" || true
DESTDIR=$PWD/build-dev/destdir meson install -C build-dev --no-rebuild >/dev/null
exec "$@"
