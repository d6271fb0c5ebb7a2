"""How a simulated gateway behaves: what goes wrong, how often and how long things take."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one text, in seconds from when the gateway took it. `receipts` and `results` say how many times
    each webhook comes (0: never)."""

    answer_after: float
    hangs: bool
    campaign_error: bool
    message_error: bool
    delivered: bool
    results: int
    result_after: float
    receipts: int
    receipt_after: float
    hinted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Shares are chances from 0 to 1, times are seconds, ranges are drawn from evenly. The same seed gives the n-th
    text to a phone the same fate, in whatever order texts to other phones come in."""

    seed: int = 1
    answer_after: Range = (0.0, 0.0)  # the HTTP answer to a send
    result_after: Range = (0.05, 0.5)  # the processing result
    receipt_after: Range = (0.5, 5.0)  # the delivery receipt
    undelivered: float = 0.0  # receipts that say False
    no_receipt: float = 0.0
    duplicate: float = 0.0  # each webhook: comes twice
    out_of_order: float = 0.0  # the receipt overtakes the processing result
    receipt_before_answer: float = 0.0  # the receipt is out before the send is answered
    hang_after_accept: float = 0.0  # takes the text and answers after `hang` only
    hang: float = 60.0
    server_error: float = 0.0  # a send opens a burst of `burst` answers of 503
    burst: int = 3
    throttled: float = 0.0  # 429 with Retry-After
    campaign_error: float = 0.0  # CAMPAIGN_ERROR, which carries no id
    message_error: float = 0.0  # MESSAGE_ERROR for this text
    hint: float = 0.9  # replies that carry the id of the text they answer
    token_life: float = 120.0
    patient_speed: float = 1.0  # patients answer this many times faster than people do
    webhook_waits: tuple[float, ...] = (1.0, 5.0, 30.0, 120.0, 600.0)  # before each repeat of one not answered 200

    def fate(self, rng: Random) -> Fate:
        """Draws the same number of numbers whatever comes out, so that changing one share moves nothing else."""
        drawn = [rng.random() for _ in range(9)]
        answer_after = rng.uniform(*self.answer_after)
        result_after, receipt_after = rng.uniform(*self.result_after), rng.uniform(*self.receipt_after)
        if drawn[0] < self.receipt_before_answer:
            receipt_after, answer_after = 0.0, max(answer_after, 0.05)
        elif drawn[1] < self.out_of_order:
            result_after, receipt_after = max(result_after, receipt_after), min(result_after, receipt_after)
        return Fate(
            answer_after=answer_after,
            hangs=drawn[2] < self.hang_after_accept,
            campaign_error=drawn[3] < self.campaign_error,
            message_error=drawn[4] < self.message_error,
            delivered=drawn[5] >= self.undelivered,
            results=2 if drawn[6] < self.duplicate else 1,
            result_after=result_after,
            receipts=0 if drawn[7] < self.no_receipt else 2 if drawn[6] < self.duplicate else 1,
            receipt_after=receipt_after,
            hinted=drawn[8] < self.hint,
        )


# Every fault at once, at rates far above real ones; nothing takes long.
ROUGH = Behaviour(
    result_after=(0.0, 0.05),
    receipt_after=(0.0, 0.1),
    undelivered=0.1,
    no_receipt=0.05,
    duplicate=0.2,
    out_of_order=0.2,
    receipt_before_answer=0.1,
    hang_after_accept=0.03,
    hang=2.0,
    server_error=0.03,
    throttled=0.03,
    campaign_error=0.01,
    message_error=0.03,
    webhook_waits=(0.05, 0.2, 1.0, 5.0, 20.0),
)
