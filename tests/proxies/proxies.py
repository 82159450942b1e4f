"""Five proxies of Debian's packages, each with rules that let nobody have `PROTECTED`, written as their manuals do.

One process of each serves all of its configurations, every one on a port of its own.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.live.servers import PATIENCE
from tests.ports import free_port

ROOT_PATH = "/svc"


@dataclass(frozen=True)
class Rules:
    """One configuration of a proxy.

    Attributes:
        proxy: the program.
        name: what is special about it, for the table.
        text: its part of the configuration; ``{port}`` is its own, ``{backend}`` the server's.
        root: whether the application stands below a root path: taken off, left, or None for none.
        h2: whether it speaks HTTP/2 to the server, which only some servers understand.
    """

    proxy: str
    name: str
    text: str
    root: str | None = None
    h2: bool = False


@dataclass(frozen=True)
class Program:
    """A proxy: how it is started with a configuration.

    Attributes:
        binary: its name.
        package: of Debian.
        command: its arguments; ``{file}`` is the configuration, ``{folder}`` a folder of its own.
        around: the configuration, with ``@`` for the parts.
    """

    binary: str
    package: str
    command: str
    around: str


_NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log stderr;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
  fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  keepalive_requests 100000;
  @
}}
"""
_HAPROXY = """
global
    expose-experimental-directives
defaults
    mode http
    timeout connect 9s
    timeout client 60s
    timeout server 60s
@
"""
_CADDY = """
{{
    admin off
    auto_https off
    storage file_system {folder}
}}
@
"""
_APACHE = """
ServerName localhost
PidFile {folder}/pid
ErrorLog {folder}/log
DefaultRuntimeDir {folder}
MaxKeepAliveRequests 0
KeepAliveTimeout 60
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
User www-data
@
"""
PROGRAMS = {
    "nginx": Program("nginx", "nginx", "-p {folder} -c {file}", _NGINX),
    "haproxy": Program("haproxy", "haproxy", "-db -f {file}", _HAPROXY),
    "Caddy": Program("caddy", "caddy", "run --adapter caddyfile --config {file}", _CADDY),
    "Apache": Program("apache2", "apache2", "-D FOREGROUND -f {file}", _APACHE),
    "Varnish": Program(
        "varnishd", "varnish", "-F -j none -n {folder} -a 127.0.0.1:{port} -f {file}", "@"
    ),
}


def _nginx(name: str, inside: str, root: str | None = None) -> Rules:
    deny = "return 403;"
    text = "server {{ listen 127.0.0.1:{port}; " + inside.replace("DENY", deny) + " }}"
    return Rules("nginx", name, text.replace("BACKEND", "http://127.0.0.1:{backend}"), root)


_DENIED = "location /admin {{ DENY }} location /api/internal {{ DENY }} "
_DENIED_BELOW = _DENIED.replace("location /", "location /svc/")
_NORMALIZE = """
    http-request normalize-uri fragment-strip
    http-request normalize-uri path-strip-dot
    http-request normalize-uri path-strip-dotdot full
    http-request normalize-uri path-merge-slashes
    http-request normalize-uri percent-decode-unreserved
    http-request normalize-uri percent-to-uppercase"""
_HAPROXY_DENIED = """
    http-request deny deny_status 403 if {{ path_beg /admin /api/internal }}
    default_backend to_{port}
backend to_{port}
    server one 127.0.0.1:{backend}"""


def _haproxy(name: str, before: str = "", server: str = "", root: str | None = None) -> Rules:
    front = "frontend on_{port}\n    bind 127.0.0.1:{port}" + before
    return Rules("haproxy", name, front + _HAPROXY_DENIED + server, root, h2="h2" in server)


def _caddy(name: str, scheme: str = "") -> Rules:
    text = (
        "http://:{port} {{\n bind 127.0.0.1\n @denied path /admin /admin/* /api/internal /api/internal/*\n"
        " respond @denied 403\n reverse_proxy " + scheme + "127.0.0.1:{backend}\n}}"
    )
    return Rules("Caddy", name, text, h2=bool(scheme))


def _apache(name: str, options: str = "", nocanon: str = "") -> Rules:
    denied = "".join(
        f'<Location "{one}">\nRequire all denied\n</Location>\n'
        for one in ("/admin", "/api/internal")
    )
    text = (
        "Listen 127.0.0.1:{port}\n<VirtualHost 127.0.0.1:{port}>\n"
        + options
        + denied
        + 'ProxyPass "/" "http://127.0.0.1:{backend}/"'
        + nocanon
        + "\n</VirtualHost>"
    )
    return Rules("Apache", name, text)


_VARNISH = """vcl 4.1;
backend one {{ .host = "127.0.0.1"; .port = "{backend}"; }}
sub vcl_recv {{
    if (req.url ~ "^/(admin|api/internal)") {{ return (synth(403)); }}
    return (pass);
}}"""
ALL_RULES = (
    _nginx("", _DENIED + "location / {{ proxy_pass BACKEND; }}"),
    _nginx(
        "``merge_slashes off``",
        "merge_slashes off; " + _DENIED + "location / {{ proxy_pass BACKEND; }}",
    ),
    _nginx(
        "the same, and ``proxy_pass`` with ``/``",
        "merge_slashes off; " + _DENIED + "location / {{ proxy_pass BACKEND/; }}",
    ),
    _nginx(
        "rules end in a slash",
        _DENIED.replace("/admin", "/admin/") + "location / {{ proxy_pass BACKEND; }}",
    ),
    _haproxy("``path_beg``"),
    _haproxy("and every ``normalize-uri``", _NORMALIZE),
    _haproxy("the same, HTTP/2 to the server", _NORMALIZE, " proto h2"),
    _caddy(""),
    _caddy("HTTP/2 to the server", "h2c://"),
    _apache(""),
    _apache(
        "``AllowEncodedSlashes NoDecode``, ``nocanon``",
        "AllowEncodedSlashes NoDecode\n",
        " nocanon",
    ),
    Rules("Varnish", "``req.url ~``", _VARNISH),
    _nginx(
        "takes ``/svc`` off",
        _DENIED_BELOW + "location /svc/ {{ proxy_pass BACKEND/; }}",
        "off",
    ),
    _nginx(
        "takes it off, without a slash",
        _DENIED_BELOW + "location /svc {{ proxy_pass BACKEND/; }}",
        "off",
    ),
    _nginx(
        "leaves it",
        _DENIED_BELOW + "location /svc/ {{ proxy_pass BACKEND; }}",
        "left",
    ),
)


def is_installed(proxy: str) -> bool:
    """Tell whether a proxy is on this machine."""
    return _find(proxy) is not None


def _find(proxy: str) -> str | None:
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    return shutil.which(PROGRAMS[proxy].binary, path=path)


@contextlib.contextmanager
def in_front(proxy: str, rules: list[Rules], backend: int) -> Iterator[list[tuple[Rules, int]]]:
    """Run a proxy with some configurations in front of a server; yield the port of each."""
    program = PROGRAMS[proxy]
    binary = _find(proxy)
    assert binary is not None
    ports = [free_port() for _ in rules]
    parts = [
        one.text.format(port=port, backend=backend) for one, port in zip(rules, ports, strict=True)
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        file = folder / "configuration"
        around, _, end = program.around.partition("@")
        file.write_text(
            around.format(folder=folder) + "\n".join(parts) + end.format(folder=folder) + "\n"
        )
        arguments = program.command.format(file=file, folder=folder, port=ports[0]).split()
        log = folder / "output"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [binary, *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "HOME": name, "XDG_DATA_HOME": name, "XDG_CONFIG_HOME": name},
            )
        try:
            for port in ports:
                _wait_for(port, process, log.read_text)
            yield [*zip(rules, ports, strict=True)]
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(PATIENCE)


def _wait_for(port: int, process: "subprocess.Popen[bytes]", output: Callable[[], str]) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{process.args!r} does not listen:\n{output()}") from None
            time.sleep(0.05)
        else:
            return
