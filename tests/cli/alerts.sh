# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC1091,SC2016,SC2154,SC2317
# Alerts of a Prometheus Alertmanager: the real one, and others that answer as it
# should not.
. "${0%/*}/lib.sh"

unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
# asks CODE WORD...
asks() {
	code=$1
	shift
	runs "$code" cau healthcheck --nodes "$one" --only alert "$@"
}

amtool=$(command -v amtool)
manager=$(command -v prometheus-alertmanager || command -v alertmanager)
running=
listens() {
	port=$(sed -n 's/.*Listening on.*address=127\.0\.0\.1:\([0-9]*\).*/\1/p' am.log)
	[ -n "$port" ]
}
if [ -n "$manager" ] && [ -n "$amtool" ] && command -v curl >/dev/null 2>&1; then
	cat >am.yml <<-'X'
		route: {receiver: none}
		receivers: [{name: none}]
		inhibit_rules:
		- source_matchers: ['alertname = PowerLost']
		  target_matchers: ['alertname = NodeDown']
	X
	"$manager" --config.file=am.yml --storage.path=data --web.listen-address=127.0.0.1:0 \
		--cluster.listen-address= >am.log 2>&1 &
	running=$!
	eventually 'alertmanager listens' listens
	url=http://127.0.0.1:$port
fi

# fire NAME [LABEL=VALUE...]
fire() {
	"$amtool" --alertmanager.url="$url" alert add "$@" >/dev/null || fail "cannot fire $1"
}

it 'the real Alertmanager: no alert'
if [ -n "$running" ]; then
	asks 0 --alertmanager "$url"
	out_is <<-'X'
		OK: 0 critical, 0 warnings; 1 node
	X
else
	skip 'alertmanager, amtool or curl is not installed'
fi

it 'fired, silenced, inhibited, resolved'
if [ -n "$running" ]; then
	fire RaidFailed severity=critical instance=n2:9100 --annotation=summary='a disk is out'
	fire Untidy severity=warning
	asks 4 --alertmanager "$url/"
	out_is <<-'X'
		CRITICAL  -  alert/RaidFailed  on n2:9100: a disk is out
		CRITICAL: 1 critical, 0 warnings; 1 node
	X
	asks 4 --alertmanager "$url" --alert-filter 'severity=~"critical|warning"'
	out_is <<-'X'
		CRITICAL  -  alert/RaidFailed  on n2:9100: a disk is out
		WARNING   -  alert/Untidy      it fires
		CRITICAL: 1 critical, 1 warning; 1 node
	X
	asks 0 --alertmanager "$url" --alert-filter 'severity="critical",alertname!="RaidFailed"'
	asks 0 --alertmanager "$url" --acknowledge 'alert/RaidFailed 2999-12-31 the disk comes on Monday'
	out_has 'acknowledged  -  alert/RaidFailed'
	asks 0 --alertmanager "$url" --skip alert/RaidFailed
	make_root root
	runs 4 run1 --alertmanager "$url"
	err_has 'CRITICAL  -  alert/RaidFailed  on n2:9100: a disk is out'
	runs 0 run1 --alertmanager "$url" --alert-action continue --json
	jsonl '.health.checks[]|select(.source=="alertmanager")|.id' alert/RaidFailed
	"$amtool" --alertmanager.url="$url" silence add alertname=RaidFailed -a test -c test >/dev/null ||
		fail 'cannot silence'
	asks 0 --alertmanager "$url"
	fire NodeDown severity=critical
	asks 4 --alertmanager "$url"
	out_has 'alert/NodeDown'
	fire PowerLost severity=none
	asks 0 --alertmanager "$url"
	fire FanFailed severity=critical
	asks 4 --alertmanager "$url"
	fire FanFailed severity=critical --end=2020-01-01T00:00:00Z --start=2019-01-01T00:00:00Z
	asks 0 --alertmanager "$url"
else
	skip 'alertmanager, amtool or curl is not installed'
fi

it 'where there is no curl, amtool is asked; where there is none of them, that is told'
if [ -n "$running" ]; then
	mkdir -p bin none
	ln -sf "$amtool" bin/amtool
	for tool in sh timeout env; do
		ln -sf "$(command -v $tool)" bin/$tool
		ln -sf "$(command -v $tool)" none/$tool
	done
	fire TooHot severity=critical
	PATH=$dir/bin asks 4 --alertmanager "$url"
	out_is <<-'X'
		CRITICAL  -  alert/TooHot  it fires
		CRITICAL: 1 critical, 0 warnings; 1 node
	X
	runs 4 env PATH="$dir/none" "$CAU" healthcheck --nodes "$one" --only alert --alertmanager "$url"
	out_has 'CRITICAL  -  alert  Alertmanager at http://127.0.0.1:'
	out_has ': neither curl nor amtool is installed here'
else
	skip 'alertmanager, amtool or curl is not installed'
fi
[ -z "$running" ] || kill $running

# answers: a server whose answer is in the path, before api/v2/alerts.
cat >server.py <<'X'
import http.server, sys, time
class H(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a):
        pass
    def do_GET(self):
        kind = self.path.split("/")[1]
        code, type, body = 200, "application/json", b"[]"
        if kind == "html":
            type, body = "text/html", b"<html><body>\x1b[2JPlease log in</body></html>"
        elif kind == "redirect":
            code = 302
        elif kind == "error":
            code, body = 500, b"it is not well"
        elif kind == "many":
            body = b"[" + b",".join(b'{"labels":{"alertname":"A%d","severity":"critical"},"status":{"state":"active"}}' % i for i in range(10000)) + b"]"
        elif kind == "cut":
            body = b'[{"labels":'
        elif kind == "hang":
            time.sleep(30)
        elif kind == "silent":
            return
        self.send_response(code)
        self.send_header("Content-Type", type)
        if code == 302:
            self.send_header("Location", "/ok/api/v2/alerts")
        self.end_headers()
        try:
            if kind == "flood":
                while True:
                    self.wfile.write(b"[" * 65536)
            self.wfile.write(body)
        except OSError:
            pass
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
open("port.new", "w").write(str(s.server_port))
import os
os.rename("port.new", "port")
s.serve_forever()
X
served=
if command -v python3 >/dev/null 2>&1 && command -v curl >/dev/null 2>&1; then
	python3 server.py 2>/dev/null &
	served=$!
	eventually 'the server listens' test -s port
	url=http://127.0.0.1:$(cat port)
fi

# tells PATH TEXT: a critical finding, of which this is the end.
tells() {
	it "an answer that is none: $1"
	[ -n "$served" ] || {
		skip 'python3 or curl is not installed'
		return
	}
	asks 4 --alertmanager "$url/$1" --check-timeout 2s
	sed "s,$url,URL,; s/after [0-9]* milliseconds with 0 bytes received/after 2 s/" out >got
	{
		echo "CRITICAL  -  alert  Alertmanager at URL/$1: $2"
		cat <<-'X'
			What to do:
			  alert  see --alertmanager; or --skip alert
			CRITICAL: 1 critical, 0 warnings; 1 node
		X
	} >want
	is got want
}
tells html "it answered with no list of alerts: '<html><body>\\x1b[2JPlease log in</body></html>'"
tells redirect 'it answered with a redirect (status 302), which is not followed'
tells error 'it answered with status 500: it is not well'
tells cut "it answered with no list of alerts: '[{\"labels\":'"
tells flood 'it answered with more than 64 MiB'
tells silent 'curl: (52) Empty reply from server'
tells hang 'curl: (28) Operation timed out after 2 s'
it '10,000 alerts'
if [ -n "$served" ]; then
	asks 4 --alertmanager "$url/many"
	same 'lines' "$(grep -c '^CRITICAL  -  alert/A' out)" 100
	out_has '  and 9900 alerts more'
else
	skip 'python3 or curl is not installed'
fi
[ -z "$served" ] || kill $served

it 'nobody is there'
asks 4 --alertmanager http://127.0.0.1:1
out_has 'CRITICAL  -  alert  Alertmanager at http://127.0.0.1:1: '

it 'what must not be in an address'
for address in http:///x file:///etc/passwd '-x' 'http://a b' 'http://a?x=y' 'http://a"b'; do
	asks 2 --alertmanager "$address"
	err_has 'http://HOST:PORT is expected'
done

finish
