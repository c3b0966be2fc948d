"""Every rendered object fits the Kubernetes schemas and keeps our own rules."""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path
from typing import Any

import pytest
from kubernetes_validate.utils import validate

from gateway.__main__ import SERVICES as GATEWAY_SERVICES
from gateway.settings import GatewaySettings
from services.dit.__main__ import SERVICES as DIT_SERVICES
from services.dit.__main__ import DitSettings
from services.encoder.__main__ import SERVICES as ENCODER_SERVICES
from services.encoder.__main__ import EncoderSettings
from services.planner.__main__ import SERVICES as PLANNER_SERVICES
from services.planner.__main__ import PlannerSettings
from services.vae.__main__ import SERVICES as VAE_SERVICES
from services.vae.__main__ import VaeSettings
from tests.k8s.kustomize import Object, render

ROOT = Path(__file__).parents[2]
SETTINGS: dict[str, type[Any]] = {
    "planner": PlannerSettings,
    "encoder": EncoderSettings,
    "dit": DitSettings,
    "vae": VaeSettings,
    "gateway": GatewaySettings,
}
SERVED = {
    "planner": PLANNER_SERVICES,
    "encoder": ENCODER_SERVICES,
    "dit": DIT_SERVICES,
    "vae": VAE_SERVICES,
    "gateway": GATEWAY_SERVICES,
}
STAGES = ("planner", "encoder", "dit", "vae")
COMPONENT = "app.kubernetes.io/component"


@pytest.fixture(params=["base", "overlays/laptop"])
def objects(request: pytest.FixtureRequest) -> list[Object]:
    return render(ROOT / "k8s" / request.param)


def of_kind(objects: list[Object], *kinds: str) -> dict[str, Object]:
    return {entry["metadata"]["name"]: entry for entry in objects if entry["kind"] in kinds}


def pods(objects: list[Object]) -> dict[str, Object]:
    """Pod specs by component."""
    workloads = of_kind(objects, "Deployment", "StatefulSet")
    return {name.removeprefix("quartet-"): workload["spec"]["template"]["spec"] for name, workload in workloads.items()}


def containers(pod: Object) -> list[Object]:
    return [*pod["containers"], *pod.get("initContainers", [])]


def test_every_object_fits_its_schema(objects: list[Object]) -> None:
    for entry in objects:
        validate(entry, "1.31", strict=True)


def test_the_five_workloads_are_there(objects: list[Object]) -> None:
    assert set(pods(objects)) == {*STAGES, "gateway"}


def test_stages_are_headless_and_the_gateway_is_not(objects: list[Object]) -> None:
    services = of_kind(objects, "Service")
    for stage in STAGES:
        assert services[f"quartet-{stage}"]["spec"]["clusterIP"] == "None"
    assert "clusterIP" not in services["quartet-gateway"]["spec"]


def test_services_select_their_pods_and_ports(objects: list[Object]) -> None:
    workloads = of_kind(objects, "Deployment", "StatefulSet")
    for name, service in of_kind(objects, "Service").items():
        template = workloads[name]["spec"]["template"]
        assert service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
        assert workloads[name]["spec"]["selector"]["matchLabels"] == service["spec"]["selector"]
        port = template["spec"]["containers"][0]["ports"][0]
        assert service["spec"]["ports"][0]["targetPort"] == port["name"]
        assert service["spec"]["ports"][0]["port"] == port["containerPort"]


def test_pods_are_locked_down(objects: list[Object]) -> None:
    for pod in pods(objects).values():
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
        for container in containers(pod):
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"]["drop"] == ["ALL"]
            assert "memory" in container["resources"]["limits"]
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys()


def test_probes_are_native_grpc_and_ask_for_what_is_served(objects: list[Object]) -> None:
    for component, pod in pods(objects).items():
        container = pod["containers"][0]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert container[probe]["grpc"]["port"] == container["ports"][0]["containerPort"]
        for probe in ("startupProbe", "readinessProbe"):
            assert container[probe]["grpc"]["service"] in SERVED[component]
        assert "service" not in container["livenessProbe"]["grpc"]


def test_weights_have_minutes_to_load(objects: list[Object]) -> None:
    for pod in pods(objects).values():
        probe = pod["containers"][0]["startupProbe"]
        assert probe["periodSeconds"] * probe["failureThreshold"] >= 300


def test_every_program_exists(objects: list[Object]) -> None:
    for pod in pods(objects).values():
        for container in containers(pod):
            flag, module = container["args"][:2]
            assert flag == "-m"
            assert importlib.util.find_spec(module) is not None


def test_every_stage_has_one_replica(objects: list[Object]) -> None:
    replicas = {name: entry["spec"]["replicas"] for name, entry in of_kind(objects, "Deployment").items()}
    assert replicas == dict.fromkeys((f"quartet-{stage}" for stage in STAGES), 1)


def test_one_gateway_holds_its_data_on_a_volume(objects: list[Object]) -> None:
    gateway = of_kind(objects, "StatefulSet")["quartet-gateway"]["spec"]
    assert gateway["replicas"] == 1
    (container,) = gateway["template"]["spec"]["containers"]
    variables = {entry["name"]: entry["value"] for entry in container["env"]}
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    claims = {claim["metadata"]["name"] for claim in gateway["volumeClaimTemplates"]}
    assert mounts[variables["QUARTET_GATEWAY_DATA"]] in claims


def test_images_have_a_tag_that_is_not_pulled_again(objects: list[Object]) -> None:
    """Kubernetes pulls `latest` at every start, so an image that was loaded into a laptop's cluster would not run."""
    for pod in pods(objects).values():
        for container in containers(pod):
            _, _, tag = container["image"].rpartition("/")[2].partition(":")
            assert tag not in ("", "latest")


def test_every_variable_is_a_setting_and_the_ports_agree(objects: list[Object]) -> None:
    for component, pod in pods(objects).items():
        prefix = f"QUARTET_{component.upper()}_"
        known = {prefix + field.name.upper() for field in dataclasses.fields(SETTINGS[component])}
        variables = {entry["name"]: entry["value"] for entry in pod["containers"][0]["env"]}
        assert variables.keys() <= known
        assert int(variables[f"{prefix}PORT"]) == pod["containers"][0]["ports"][0]["containerPort"]


def test_pods_outlive_the_grace_of_their_server(objects: list[Object]) -> None:
    for component, pod in pods(objects).items():
        variables = {entry["name"]: entry["value"] for entry in pod["containers"][0]["env"]}
        grace = float(variables[f"QUARTET_{component.upper()}_GRACE_SECONDS"])
        assert pod["terminationGracePeriodSeconds"] > grace


def test_the_gateway_calls_the_services_that_exist(objects: list[Object]) -> None:
    services = of_kind(objects, "Service")
    variables = {entry["name"]: entry["value"] for entry in pods(objects)["gateway"]["containers"][0]["env"]}
    for stage in ("encoder", "dit", "vae"):
        host, port = variables[f"QUARTET_GATEWAY_{stage.upper()}"].split(":")
        assert services[host]["spec"]["ports"][0]["port"] == int(port)


def models_of_image() -> str:
    """Where the image has a model family."""
    (copied,) = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("COPY models")]
    return copied.split()[2]


def test_stages_only_read_their_models(objects: list[Object]) -> None:
    for stage in STAGES:
        container = pods(objects)[stage]["containers"][0]
        mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
        variables = {entry["name"]: entry["value"] for entry in container["env"]}
        models = variables[f"QUARTET_{stage.upper()}_MODELS"]
        if models == models_of_image():
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
        else:
            assert mounts[models]["readOnly"] is True


def test_all_that_is_not_allowed_is_denied(objects: list[Object]) -> None:
    deny = of_kind(objects, "NetworkPolicy")["quartet-deny"]["spec"]
    assert deny["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & deny.keys()
    for workload in of_kind(objects, "Deployment", "StatefulSet").values():
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert deny["podSelector"]["matchLabels"].items() <= labels.items()


def test_only_the_arrows_of_the_architecture_are_open(objects: list[Object]) -> None:
    """From and to by component, with the port; a peer that is no component of ours is named by what selects it."""
    ports = {name: pod["containers"][0]["ports"][0]["containerPort"] for name, pod in pods(objects).items()}
    into, out_of = set(), set()
    for policy in of_kind(objects, "NetworkPolicy").values():
        ours = policy["spec"]["podSelector"]["matchLabels"].get(COMPONENT, "all")
        into |= {(source, ours, port) for source, port in arrows(policy["spec"].get("ingress", []), "from")}
        out_of |= {(ours, target, port) for target, port in arrows(policy["spec"].get("egress", []), "to")}
    to_stages = {("gateway", stage, ports[stage]) for stage in STAGES}
    assert into == to_stages | {("quartet-client", "gateway", ports["gateway"])}
    assert out_of == to_stages | {("gateway", "kube-system", 53)}


def arrows(rules: list[Object], direction: str) -> set[tuple[str, int]]:
    """Peers and ports of network policy rules. A rule that leaves either open fails."""
    return {(peer_name(peer), entry["port"]) for rule in rules for peer in rule[direction] for entry in rule["ports"]}


def peer_name(peer: Object) -> str:
    if "podSelector" not in peer:
        return str(peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"])
    labels = peer["podSelector"]["matchLabels"]
    return str(labels[COMPONENT]) if COMPONENT in labels else next(iter(labels))


def test_the_laptop_serves_the_family_of_the_image() -> None:
    for stage in STAGES:
        pod = pods(render(ROOT / "k8s/overlays/laptop"))[stage]
        settings = {each["name"]: each["value"] for each in pod["containers"][0]["env"]}
        assert settings[f"QUARTET_{stage.upper()}_MODELS"] == models_of_image()
        assert "initContainers" not in pod
        (models,) = [volume for volume in pod["volumes"] if volume["name"] == "models"]
        assert models == {"name": "models", "emptyDir": {}}
