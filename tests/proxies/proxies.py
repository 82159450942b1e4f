"""Five proxies of Debian's packages, each with rules that let nobody have `PROTECTED`, written as their manuals do.

One process of each serves all of its configurations, if it can, every one on a port of its own.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.live.servers import PATIENCE
from tests.ports import free_port

ROOT_PATH = "/svc"
VERSIONS = ("HTTP/1.1", "HTTP/2", "HTTP/3")
"""What a client may speak to a proxy."""


@dataclass(frozen=True)
class Rules:
    """One configuration of a proxy.

    Attributes:
        proxy: the program.
        name: what is special about it, for the table.
        text: its part of the configuration; ``{port}`` is its own, ``{backend}`` the server's. Where
            HTTP/2 is spoken on another port, that is ``{port_2}``.
        over_http3: the part for HTTP/3, on ``{port_3}``, where it has any.
        root: whether the application stands below a root path: taken off, left, or None for none.
        h2: whether it speaks HTTP/2 to the server, which only some servers understand.
    """

    proxy: str
    name: str
    text: str
    root: str | None = None
    h2: bool = False
    over_http3: str = ""

    @property
    def versions(self) -> tuple[str, ...]:
        """What it can be asked over."""
        return VERSIONS[:1] if self.root else VERSIONS if self.over_http3 else VERSIONS[:2]


@dataclass(frozen=True)
class Program:
    """A proxy: how it is started with a configuration.

    Attributes:
        binary: its name.
        package: of Debian.
        command: its arguments; ``{file}`` is the configuration, ``{folder}`` a folder of its own.
        around: the configuration, with ``@`` for the parts.
        is_single: whether a process has one configuration only.
    """

    binary: str
    package: str
    command: str
    around: str
    is_single: bool = False


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
    servers {{
        protocols h1 h2 h2c h3
    }}
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
LoadModule http2_module /usr/lib/apache2/modules/mod_http2.so
Protocols h2c http/1.1
User www-data
@
"""
PROGRAMS = {
    "nginx": Program("nginx", "nginx", "-p {folder} -c {file}", _NGINX),
    "haproxy": Program("haproxy", "haproxy", "-db -f {file}", _HAPROXY),
    "Caddy": Program("caddy", "caddy", "run --adapter caddyfile --config {file}", _CADDY),
    "Apache": Program("apache2", "apache2", "-D FOREGROUND -f {file}", _APACHE),
    "Varnish": Program(
        "varnishd",
        "varnish",
        "-F -j none -p feature=+http2 -n {folder} -a 127.0.0.1:{port} -f {file}",
        "@",
        is_single=True,
    ),
}


def _nginx(name: str, inside: str, root: str | None = None) -> Rules:
    deny = "return 403;"
    listen = "listen 127.0.0.1:{port}; listen 127.0.0.1:{port_2} http2; "
    text = "server {{ " + listen + inside.replace("DENY", deny) + " }}"
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


_CADDY_DOTS = (
    " @dots expression {{http.request.orig_uri}}.matches('(?i)[.][.]|%2e')\n respond @dots 403\n"
)


def _caddy(name: str, scheme: str = "", before: str = "") -> Rules:
    inside = (
        " bind 127.0.0.1\n"
        + before
        + " @denied path /admin /admin/* /api/internal /api/internal/*\n"
        " respond @denied 403\n reverse_proxy " + scheme + "127.0.0.1:{backend}\n}}\n"
    )
    tls = " tls {folder}/certificate {folder}/key\n"
    over_http3 = "https://localhost:{port_3} {{\n" + tls + inside
    text = "http://:{port} {{\n" + inside
    return Rules("Caddy", name, text, h2=bool(scheme), over_http3=over_http3)


_APACHE_DOTS = """<If "%{{THE_REQUEST}} =~ /[.][.]|%2e/i">
Require all denied
</If>
"""


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


def _varnish(name: str, more: str = "") -> Rules:
    text = f"""vcl 4.1;
backend one {{{{ .host = "127.0.0.1"; .port = "{{backend}}"; }}}}
sub vcl_recv {{{{
    if (req.url ~ "^/(admin|api/internal)"{more}) {{{{ return (synth(403)); }}}}
    return (pass);
}}}}"""
    return Rules("Varnish", name, text)


ALL_RULES = (
    _nginx("``location /admin``", _DENIED + "location / {{ proxy_pass BACKEND; }}"),
    _nginx(
        "``merge_slashes off``",
        "merge_slashes off; " + _DENIED + "location / {{ proxy_pass BACKEND; }}",
    ),
    _nginx(
        "``merge_slashes off``, ``proxy_pass`` with ``/``",
        "merge_slashes off; " + _DENIED + "location / {{ proxy_pass BACKEND/; }}",
    ),
    _nginx(
        "``location /admin``, no dots",
        'if ($request_uri ~* "[.][.]|%2e") {{ DENY }} '
        + _DENIED
        + "location / {{ proxy_pass BACKEND; }}",
    ),
    _nginx(
        "``proxy_pass`` with ``/``",
        _DENIED + "location / {{ proxy_pass BACKEND/; }}",
    ),
    _nginx(
        "``location /admin/``",
        _DENIED.replace("/admin", "/admin/") + "location / {{ proxy_pass BACKEND; }}",
    ),
    _haproxy("``path_beg``"),
    _haproxy("``path_beg``, every ``normalize-uri``", _NORMALIZE),
    _haproxy("the same, HTTP/2 to Hypercorn", _NORMALIZE, " proto h2"),
    _caddy("``path``"),
    _caddy("the same, HTTP/2 to Hypercorn", "h2c://"),
    _caddy("``path``, no dots", before=_CADDY_DOTS),
    _apache("``<Location>``"),
    _apache(
        "``AllowEncodedSlashes NoDecode``, ``nocanon``",
        "AllowEncodedSlashes NoDecode\n",
        " nocanon",
    ),
    _apache("the same, no dots", "AllowEncodedSlashes NoDecode\n" + _APACHE_DOTS, " nocanon"),
    _varnish("``req.url ~``"),
    _varnish("the same, no ``%``, no dots, a slash in front", ' || req.url ~ "%|[.][.]|^[^/]"'),
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
def in_front(
    rules: Sequence[Rules], backend: int, versions: Sequence[str] = VERSIONS[:1]
) -> Iterator[list[tuple[Rules, str, int]]]:
    """Run a proxy with some of its configurations in front of a server.

    Yields each of them with what it may be asked over, and the port.
    """
    program = PROGRAMS[rules[0].proxy]
    binary = _find(rules[0].proxy)
    assert binary is not None
    ports = [_choose_ports(one, versions) for one in rules]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        file = folder / "configuration"
        parts = "\n".join(
            _write_part(one, own, backend, folder) for one, own in zip(rules, ports, strict=True)
        )
        around, _, end = program.around.partition("@")
        file.write_text(around.format(folder=folder) + parts + end.format(folder=folder) + "\n")
        if any(VERSIONS[2] in own for own in ports):
            write_certificate(folder)
        port = ports[0][VERSIONS[0]]
        arguments = program.command.format(file=file, folder=folder, port=port).split()
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
            for port in {port for own in ports for port in own.values()}:
                _wait_for(port, process, log.read_text)
            yield [
                (one, version, port)
                for one, own in zip(rules, ports, strict=True)
                for version, port in own.items()
                if version in versions
            ]
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(PATIENCE)


def _choose_ports(rules: Rules, versions: Sequence[str]) -> dict[str, int]:
    """Return the port for each version of HTTP; that for HTTP/1.1 is always there."""
    port = free_port()
    ports = {VERSIONS[0]: port, VERSIONS[1]: free_port() if "{port_2}" in rules.text else port}
    if VERSIONS[2] in versions and rules.over_http3:
        ports[VERSIONS[2]] = free_port()
    return {name: port for name, port in ports.items() if name in rules.versions}


def _write_part(rules: Rules, ports: Mapping[str, int], backend: int, folder: Path) -> str:
    port, port_2, port_3 = (ports.get(version, 0) for version in VERSIONS)
    text = rules.text + (rules.over_http3 if port_3 else "")
    return text.format(
        port=port, port_2=port_2 or free_port(), port_3=port_3, backend=backend, folder=folder
    )


def write_certificate(folder: Path) -> None:
    """Write what a server for ``localhost`` has to show: HTTP/3 is never without TLS."""
    import trustme  # as for HTTP/3, `make proxies` installs it

    made = trustme.CA().issue_cert("localhost")
    made.cert_chain_pems[0].write_to_path(folder / "certificate")
    made.private_key_pem.write_to_path(folder / "key")


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
