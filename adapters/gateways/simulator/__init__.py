"""Gateways that are none: `SimulatedGateway` is a server like the vendor's over real HTTP, `VirtualGateway` the same in
one process on a virtual clock. `patients` is what the people behind the phones answer."""

from adapters.gateways.simulator.behaviour import ROUGH, Behaviour
from adapters.gateways.simulator.patients import answer
from adapters.gateways.simulator.server import SimulatedGateway, SimulatorSettings
from adapters.gateways.simulator.virtual import PLAUSIBLE, VirtualGateway

__all__ = [
    "PLAUSIBLE",
    "ROUGH",
    "Behaviour",
    "SimulatedGateway",
    "SimulatorSettings",
    "VirtualGateway",
    "answer",
]
