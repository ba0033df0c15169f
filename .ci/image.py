"""Holds an image to what is promised of it, by running it in a container of crun's, without any daemon.

    image.py ROOT INSPECT REVISION

ROOT is where the image is mounted, INSPECT what `buildah inspect --type image` says of it, REVISION what it was built of."""

import atexit
import concurrent.futures
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import socketserver
import stat
import subprocess
import sys
import tempfile
import threading
import time

STARTS = 5
START_MS = 100
SIZE_MB = 15
MEMORY = 32 << 20
PORT = 10059
STATE = "/var/lib/revenue-exporter"
NAME = f"revenue-exporter-{os.getpid()}"
# Addresses that are nobody's (RFC 5737): the host's end and the container's, four for each process that runs this.
BASE = os.getpid() % 63 * 4
HOST, GUEST = f"192.0.2.{BASE + 1}", f"192.0.2.{BASE + 2}"
FILES = (r"revenue-exporter|LICENSE|etc/(passwd|group|nsswitch\.conf)"
         r"|lib(64)?/([\w-]+/)?(ld-linux-[\w-]+|libc|libm|libgcc_s)\.so\.\d")
SECCOMP = pathlib.Path("/usr/share/containers/seccomp.json")


def fail(why):
    sys.exit(f"image: {why}")


def run(*command, check=True, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if check and done.returncode:
        fail(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done


def contents(root):
    """What lies in the image: what it needs, and nothing that its user could change but its state."""
    strangers, loose = [], []
    for path in root.rglob("*"):
        name, kind = str(path.relative_to(root)), path.lstat()
        if not stat.S_ISDIR(kind.st_mode) and not re.fullmatch(FILES, name):
            strangers.append(name)
        mine = kind.st_uid == 65532 or kind.st_mode & 0o002
        if (mine and f"/{name}" != STATE) or kind.st_mode & 0o6000:
            loose.append(name)
    if strangers or loose:
        fail(f"has what it does not need {strangers}, or what may be changed {loose}")
    if (root / STATE.lstrip("/")).stat().st_uid != 65532:
        fail(f"{STATE} is not its user's")
    print("contents: the program and its shared objects; no shell; nothing to be changed but its state")


def promises(image, said, revision):
    """Size, labels and settings."""
    size = sum(layer["size"] for layer in json.loads(image["Manifest"])["layers"]) / 1e6
    config = image["Docker"]["config"]
    labels = {name.removeprefix("org.opencontainers.image."): text for name, text in config["Labels"].items()}
    version = said.split()[1]
    wanted = {"title": "revenue-exporter", "licenses": "Apache-2.0", "version": version, "revision": revision}
    wrong = {name: labels.get(name) for name, text in wanted.items() if labels.get(name) != text}
    if wrong or not re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]+\+00:00", labels.get("created", "")):
        fail(f"labels are {labels}, not {wanted}")
    for what, is_so in {
        "the user": config["User"] == "65532:65532", "the port": f"{PORT}/tcp" in config["ExposedPorts"],
        "the volume": STATE in config["Volumes"], "the program": config["Entrypoint"] == ["/revenue-exporter"],
        "the health check": config["Healthcheck"]["Test"] == ["CMD", "/revenue-exporter", "healthcheck"],
        f"{size:.1f} MB": size < SIZE_MB,
    }.items():
        if not is_so:
            fail(f"{what} is not as promised: {config}")
    print(f"size: {size:.1f} MB in its layers, uncompressed (less than {SIZE_MB} wanted); labels of {version}")
    return config


def network():
    """A network of two, so that a published port can be told from one that only the container reaches."""
    atexit.register(subprocess.run, ["ip", "netns", "delete", NAME], capture_output=True)
    near, far = f"re{os.getpid()}a", f"re{os.getpid()}b"
    run("ip", "netns", "add", NAME)
    run("ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", NAME)
    run("ip", "address", "add", f"{HOST}/30", "dev", near)
    run("ip", "link", "set", near, "up")
    for command in (f"address add {GUEST}/30 dev {far}", f"link set {far} up", "link set lo up"):
        run("ip", "-n", NAME, *command.split())


def seccomp():
    """Docker's and Podman's default filter, for a process without capabilities."""
    profile = json.loads(SECCOMP.read_text())
    rules = [rule for rule in profile["syscalls"]
             if not rule.get("includes", {}).get("caps") and "arm" not in str(rule.get("includes", {}).get("arches", ""))]
    keep = ("names", "action", "args", "errnoRet")
    return {"defaultAction": profile["defaultAction"], "defaultErrnoRet": profile.get("defaultErrnoRet", 1),
            "architectures": ["SCMP_ARCH_X86_64"] if os.uname().machine == "x86_64" else ["SCMP_ARCH_AARCH64"],
            "syscalls": [{name: rule[name] for name in keep if rule.get(name)} for rule in rules]}


class Container:
    """The image with a read-only root, its own user, no capabilities and 32 MiB; ended with this script."""

    count = 0

    def __init__(self, root, config, *arguments, mounts=(), variables=()):
        Container.count += 1
        self.name = f"{NAME}-{Container.count}"
        bundle = pathlib.Path(tempfile.mkdtemp(prefix="revenue-exporter-"))
        atexit.register(shutil.rmtree, bundle, ignore_errors=True)
        atexit.register(self.remove)
        (bundle / "state").mkdir()
        os.chown(bundle / "state", 65532, 65532)
        self.state = bundle / "state"
        binds = [(str(self.state), STATE, "rw"), *((source, at, "ro") for source, at in mounts)]
        uid, gid = map(int, config["User"].split(":"))
        spec = {
            "ociVersion": "1.0.2", "hostname": "revenue-exporter", "root": {"path": str(root), "readonly": True},
            "process": {"user": {"uid": uid, "gid": gid}, "args": [*config["Entrypoint"], *arguments],
                        "env": [*config["Env"], *variables], "cwd": config["WorkingDir"] or "/",
                        "noNewPrivileges": True, "capabilities": {}},
            "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
                       {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
                       *({"destination": at, "type": "none", "source": source, "options": ["bind", how]}
                         for source, at, how in binds)],
            "linux": {"namespaces": [{"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"},
                                     {"type": "network", "path": f"/run/netns/{NAME}"}],
                      "resources": {"memory": {"limit": MEMORY, "swap": MEMORY}}, "seccomp": seccomp(),
                      "cgroupsPath": f"/{self.name}"},
        }
        (bundle / "config.json").write_text(json.dumps(spec))
        self.log = (bundle / "log").open("w+")
        self.crun("create", f"--bundle={bundle}", f"--pid-file={bundle / 'pid'}", self.name, stdout=self.log, stderr=self.log)
        self.pid = int((bundle / "pid").read_text())

    def crun(self, what, *rest, check=True, **options):
        done = subprocess.run(["crun", "--cgroup-manager=cgroupfs", what, *rest], stdin=subprocess.DEVNULL, **options)
        if check and done.returncode:
            fail(f"crun {what}: {done.returncode} {self.said()}")
        return done.returncode

    def start(self):
        self.crun("start", self.name)

    def exec(self, *command):
        return self.crun("exec", self.name, *command, check=False, stdout=self.log, stderr=self.log)

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def wait(self, seconds):
        """Its exit is not told to who is not its parent, so that only its end is waited for."""
        until = time.monotonic() + seconds
        while self.state_of() == "running":
            if time.monotonic() > until:
                fail(f"{self.name} does not end: {self.said()}")
            time.sleep(0.01)

    def state_of(self):
        return json.loads(run("crun", "state", self.name).stdout)["status"]

    def remove(self):
        subprocess.run(["crun", "--cgroup-manager=cgroupfs", "delete", "--force", self.name], capture_output=True)

    def status(self, field):
        return re.search(rf"^{field}:\s*(.+)$", pathlib.Path(f"/proc/{self.pid}/status").read_text(), re.MULTILINE)[1]

    def peak(self):
        """Bytes, with its part of the page cache."""
        for path in (f"/sys/fs/cgroup/memory/{self.name}/memory.max_usage_in_bytes", f"/sys/fs/cgroup/{self.name}/memory.peak"):
            if os.path.exists(path):
                return int(pathlib.Path(path).read_text())
        return fail("no cgroup counts its memory")


def ask(path="/metrics"):
    """Status and body; None while nobody listens."""
    connection = http.client.HTTPConnection(GUEST, PORT, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except ConnectionError:
        return None
    finally:
        connection.close()


def until(what, condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            fail(f"waited in vain for {what}")
        time.sleep(0.001)


def starts(root, config):
    """The demo, several times: a start is as long as the shortest, for others have this machine as well."""
    times = []
    for _ in range(STARTS):
        container = Container(root, config, "demo", "--log.level=warn")
        began = time.monotonic()
        container.start()
        until("the first page", lambda: (ask() or [0])[0] == 200)
        times.append((time.monotonic() - began) * 1000)
        if len(times) < STARTS:
            container.remove()
    print(f"start: {min(times):.0f} ms from `crun start` to the first page of metrics (less than {START_MS} wanted); all:",
          " ".join(f"{each:.0f}" for each in times))
    if min(times) >= START_MS:
        fail("it starts too slowly")
    return container


def confined(container, config):
    """A running demo: who it is, what it takes, its health, and its end."""
    until("readiness", lambda: ask("/-/ready")[0] == 200)
    rights = {field: container.status(field) for field in ("Uid", "CapEff", "CapBnd", "NoNewPrivs", "Seccomp")}
    if rights["Uid"].split() != ["65532"] * 4 or int(rights["CapEff"], 16) or int(rights["CapBnd"], 16) \
            or rights["NoNewPrivs"] != "1" or rights["Seccomp"] != "2":
        fail(f"it has rights: {rights}")
    names = {line for line in pathlib.Path(".ci/expected-metrics").read_text().splitlines() if line and line[0] != "#"}
    until("all metrics", lambda: names <= set(re.findall(r"^[a-zA-Z_:][\w:]*", ask()[1], re.MULTILINE)))
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        statuses = [status for status, _ in pool.map(lambda _: ask(), range(400))]
    if not set(statuses) <= {200, 503} or 200 not in statuses:
        fail(f"scraped by 40 at once, it answers {set(statuses)}")
    peak = container.peak()
    print(f"confinement: user 65532, no capabilities, seccomp, read-only root; of {MEMORY >> 20} MiB (cgroup) at most "
          f"{peak / 2**20:.1f} used, {container.status('VmHWM')} of it resident at once")
    if peak > MEMORY:
        fail("it takes more memory than it may")
    health = config["Healthcheck"]["Test"][1:]
    well = container.exec(*health)
    os.kill(container.pid, signal.SIGSTOP)
    hanging = container.exec(*health)
    os.kill(container.pid, signal.SIGCONT)
    if (well, hanging) != (0, 1):
        fail(f"the health check ends with {well} and, while the program hangs, with {hanging}: {container.said()}")
    began = time.monotonic()
    os.kill(container.pid, signal.SIGTERM)
    container.wait(5)
    print(f"health: 0 while it answers, 1 while it hangs; SIGTERM ends it in {(time.monotonic() - began) * 1000:.0f} ms")


def name_server(name):
    """Knows one name: the host's end."""
    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            query, line = self.request
            end = query.index(b"\0", 12) + 5
            asked, kind = query[12:end], query[end - 3]
            known = kind == 1 and asked.startswith(b"".join(bytes([len(p)]) + p for p in name.encode().split(b".")))
            answer = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04" + socket.inet_aton(HOST)
            line.sendto(query[:2] + b"\x81\x80\0\x01" + (b"\0\x01" if known else b"\0\0") + b"\0\0\0\0" + asked
                        + (answer if known else b""), self.client_address)

    server = socketserver.ThreadingUDPServer((HOST, 53), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def vendor():
    """Answers nothing useful, and remembers as whom it was asked."""
    seen = set()

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            seen.add(self.headers["Host"].split(":")[0])
            self.send_error(500)

        do_GET = do_POST = answer

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer((HOST, 0), Handler)
    # Who asked may be gone before it is answered.
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1], seen


def real(root, config):
    """With a configuration, keys, a state directory and names to look up, in /etc/hosts and by DNS."""
    port, seen = vendor()
    name_server("klar.test")
    files = pathlib.Path(tempfile.mkdtemp(prefix="revenue-exporter-"))
    atexit.register(shutil.rmtree, files, ignore_errors=True)
    files.chmod(0o755)
    written = {
        "revenue-exporter.yml": f"taprain: [{{account: main, api_key_env: KEY, base_url: 'http://taprain.test:{port}'}}]\n"
                                f"klar: [{{account: shop, refresh_token_env: TOKEN, base_url: 'http://klar.test:{port}'}}]\n",
        "hosts": f"127.0.0.1 localhost\n{HOST} taprain.test\n",
        "resolv.conf": f"nameserver {HOST}\noptions timeout:1 attempts:2\n",
    }
    for name, text in written.items():
        (files / name).write_text(text)
    at = "/etc/revenue-exporter/revenue-exporter.yml"
    # A folder that is mounted, as an image has no file there to mount over; /etc itself is mounted whole for the two.
    etc = files / "etc"
    shutil.copytree(root / "etc", etc)
    for name in ("hosts", "resolv.conf"):
        shutil.move(files / name, etc / name)
    shutil.move(files / "revenue-exporter.yml", etc / "revenue-exporter/revenue-exporter.yml")
    container = Container(root, config, mounts=[(str(etc), "/etc")], variables=[
        f"REVENUE_EXPORTER_CONFIG_FILE={at}", "KEY=hunter2", "TOKEN=hunter3"])
    container.start()
    until("its requests", lambda: seen >= {"taprain.test", "klar.test"})
    until("its ledgers", lambda: len(list(container.state.rglob("ledger*"))) >= 2)
    until("its pages", lambda: "revenue_exporter_upstream_requests_total" in (ask() or (0, ""))[1])
    os.kill(container.pid, signal.SIGTERM)
    container.wait(5)
    print("names: looked up in /etc/hosts and by DNS; the ledgers are in the volume")


def nobody(root, config):
    """A health check where nothing serves."""
    container = Container(root, config, "demo", "--web.listen-address=127.0.0.1:1024", "--log.level=error")
    container.start()
    if (code := container.exec(*config["Healthcheck"]["Test"][1:])) != 1:
        fail(f"the health check ends with {code} where nothing listens")
    container.remove()
    print("health: 1 where nothing listens")


def main():
    root, inspected = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    contents(root)
    config = promises(json.loads(inspected.read_text()), run(root / "revenue-exporter", "--version").stdout, sys.argv[3])
    network()
    container = starts(root, config)
    confined(container, config)
    container.remove()
    real(root, config)
    nobody(root, config)


main()
