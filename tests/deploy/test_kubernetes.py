"""The Kubernetes manifests: that what they name is there, and that a pod can do no more than it must."""

from typing import Any

import pytest

from tests.deploy.program import DEPLOY, assert_command, assert_settings, commands_in, documents

FOLDER = DEPLOY / "kubernetes"
(KUSTOMIZATION,) = documents(FOLDER / "kustomization.yaml")
MANIFESTS = [each for name in KUSTOMIZATION["resources"] for each in documents(FOLDER / name)]
SETTINGS = dict(line.split("=", 1) for line in KUSTOMIZATION["configMapGenerator"][0]["literals"])
SECRETS = "/run/secrets/freagra/"


def of(kind: str) -> list[dict[str, Any]]:
    return [each for each in MANIFESTS if each["kind"] == kind]


def pod_of(manifest: dict[str, Any]) -> dict[str, Any]:
    spec = manifest["spec"]["jobTemplate"]["spec"] if manifest["kind"] == "CronJob" else manifest["spec"]
    template: dict[str, Any] = spec["template"]
    return template


WORKLOADS = of("Deployment") + of("Job") + of("CronJob")
PODS = [pytest.param(pod_of(each), id=each["metadata"]["name"]) for each in WORKLOADS]
LABELS = {each["metadata"]["name"]: pod_of(each)["metadata"]["labels"] for each in WORKLOADS}


def test_every_manifest_is_applied() -> None:
    files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(KUSTOMIZATION["resources"]) == files


def test_every_role_of_the_program_has_its_pods() -> None:
    roles = [pod_of(each)["spec"]["containers"][0]["args"] for each in of("Deployment")]
    assert sorted(roles) == [["serve", "--role", role] for role in ("sender", "web", "worker")]


@pytest.mark.parametrize("pod", PODS)
def test_what_a_pod_runs_is_known_to_the_program(pod: dict[str, Any]) -> None:
    (container,) = pod["spec"]["containers"]
    commands = commands_in(container["args"][0]) if "command" in container else [container["args"]]
    assert commands
    for words in commands:
        assert_command(words)
    assert container["image"] == KUSTOMIZATION["images"][0]["name"]


@pytest.mark.parametrize("pod", PODS)
def test_a_pod_can_do_no_more_than_it_must(pod: dict[str, Any]) -> None:
    context = pod["spec"]["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] == context["runAsGroup"] == context["fsGroup"] == 10001
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["spec"]["automountServiceAccountToken"] is False
    (container,) = pod["spec"]["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("pod", PODS)
def test_settings_and_secrets_are_where_the_program_looks(pod: dict[str, Any]) -> None:
    assert_settings(SETTINGS)
    (container,) = pod["spec"]["containers"]
    (settings,) = container["envFrom"]
    assert settings["configMapRef"]["name"] == KUSTOMIZATION["configMapGenerator"][0]["name"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
    assert set(mounts) == set(volumes)
    assert f"{mounts['secrets']}/" == SECRETS
    held = volumes["secrets"]["secret"]
    generator = next(each for each in KUSTOMIZATION["secretGenerator"] if each["name"] == held["secretName"])
    wanted = {value.removeprefix(SECRETS) for value in SETTINGS.values() if value.startswith(SECRETS)}
    assert {file.removeprefix("secrets/") for file in generator["files"]} == wanted
    assert held["defaultMode"] == 0o440  # root's, for our group: what the program takes for handed out


@pytest.mark.parametrize("deployment", [each["metadata"]["name"] for each in of("Deployment")])
def test_a_deployment_is_watched_and_not_stopped_all_at_once(deployment: str) -> None:
    manifest = next(each for each in of("Deployment") if each["metadata"]["name"] == deployment)
    (container,) = pod_of(manifest)["spec"]["containers"]
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startup": "/healthz",
        "liveness": "/healthz",
        "readiness": "/readyz",
    }
    assert {probe["port"] for probe in probes.values()} == {port["name"] for port in container["ports"]}
    assert manifest["spec"]["selector"]["matchLabels"] == LABELS[deployment]
    budget = next(each for each in of("PodDisruptionBudget") if each["metadata"]["name"] == deployment)
    assert budget["spec"]["selector"]["matchLabels"] == LABELS[deployment]


def test_services_ingress_and_autoscaler_find_what_they_name() -> None:
    services = {each["metadata"]["name"]: each["spec"] for each in of("Service")}
    assert services["web"]["selector"] == LABELS["web"]
    assert "selector" not in services["closed"]
    (ingress,) = of("Ingress")
    (rule,) = ingress["spec"]["rules"]
    to = {path["path"]: path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
    assert to == {"/": "web", "/healthz": "closed", "/readyz": "closed", "/metrics": "closed"}
    assert ingress["spec"]["tls"][0]["secretName"] in [each["name"] for each in KUSTOMIZATION["secretGenerator"]]
    for autoscaler in of("HorizontalPodAutoscaler"):
        target = autoscaler["spec"]["scaleTargetRef"]["name"]
        (deployment,) = [each for each in of("Deployment") if each["metadata"]["name"] == target]
        assert "replicas" not in deployment["spec"]  # or each apply would undo what the autoscaler did


def test_nothing_is_reached_but_what_is_named() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in of("NetworkPolicy")}
    assert policies["nothing-else"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    (outside,) = policies["outside"]["podSelector"]["matchExpressions"]
    assert outside["values"] == ["worker", "sender"]
    assert set(outside["values"]) <= set(LABELS)
    assert policies["web"]["podSelector"]["matchLabels"] == LABELS["web"]
