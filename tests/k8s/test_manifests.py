"""Every rendered object fits the Kubernetes schemas and keeps our own rules."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from kubernetes_validate.utils import validate

from gateway.settings import GatewaySettings
from services.dit.__main__ import SERVICES as DIT_SERVICES
from services.dit.__main__ import DitSettings
from services.encoder.__main__ import EncoderSettings
from services.runtime.settings import StageSettings
from services.vae.__main__ import VaeSettings
from tests.k8s.kustomize import Object, render

ROOT = Path(__file__).parents[2]
SETTINGS: dict[str, type[Any]] = {
    "planner": StageSettings,
    "encoder": EncoderSettings,
    "dit": DitSettings,
    "vae": VaeSettings,
    "gateway": GatewaySettings,
}
STAGES = ("planner", "encoder", "dit", "vae")


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
            assert "limits" in container["resources"]
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
            assert container["image"] != "quartet"


def test_probes_are_native_grpc_on_the_serving_port(objects: list[Object]) -> None:
    for pod in pods(objects).values():
        container = pod["containers"][0]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert container[probe]["grpc"]["port"] == container["ports"][0]["containerPort"]
    readiness = pods(objects)["dit"]["containers"][0]["readinessProbe"]["grpc"]["service"]
    assert readiness in DIT_SERVICES


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


def test_stages_only_read_their_models(objects: list[Object]) -> None:
    for stage in STAGES:
        mounts = {mount["name"]: mount for mount in pods(objects)[stage]["containers"][0]["volumeMounts"]}
        assert mounts["models"]["readOnly"] is True


def test_only_the_arrows_of_the_architecture_are_open(objects: list[Object]) -> None:
    policies = of_kind(objects, "NetworkPolicy")
    assert policies["quartet-deny"]["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in policies["quartet-deny"]["spec"]
    for stage in STAGES:
        (rule,) = policies[f"quartet-{stage}-from-gateway"]["spec"]["ingress"]
        (source,) = rule["from"]
        assert source["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "gateway"
        port = pods(objects)[stage]["containers"][0]["ports"][0]["containerPort"]
        assert [entry["port"] for entry in rule["ports"]] == [port]


def test_the_laptop_makes_its_own_models() -> None:
    for stage in ("encoder", "dit", "vae"):
        pod = pods(render(ROOT / "k8s/overlays/laptop"))[stage]
        assert "make-tiny" in pod["initContainers"][0]["args"]
        (models,) = [volume for volume in pod["volumes"] if volume["name"] == "models"]
        assert models == {"name": "models", "emptyDir": {}}
