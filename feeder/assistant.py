"""When a language model is asked for a summary, and at what cost: a stored answer first, then its endpoint, within time and budget.

The rules, in the order in which they decide:

    One answer for one content, for ever: what the ledger has is not asked for again.
    A refused answer is asked for again with the reason, three times in all; then the extract stands for ever.
    After a call in vain nothing is asked in this cycle, and then not before a pause, which doubles from a minute to an hour.
    One cycle waits no longer than its patience; one day (UTC) costs no more than its calls and tokens.

What a call may cost is entered into the ledger before it is made, and what it did not cost taken off afterwards: no crash can overspend.
It decides nothing about articles and publishes nothing: without an answer there is the extract, marked as pending.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from feeder.clock import Clock
from feeder.endpoint import Answered, Endpoint, Unanswered
from feeder.ledger import Answer, Answers, Contact
from feeder.model import Article, Summary
from feeder.summarizers import Summarizer, llm

__all__ = ["Assistant", "Terms"]

Stop = Callable[[], None]

REFUSALS = 3  # refused answers after which the extract stands
FIRST_PAUSE, LONGEST_PAUSE = 60, 3600  # seconds that an endpoint is left alone after calls in vain
LONGEST_WISH = 86_400  # seconds that it may ask to be left alone
SHORT = 5.0  # seconds that it may ask to wait and still be asked again at once
BREATH = 1.0  # seconds before a request that failed is sent again
BEAT = 0.1  # seconds between two looks whether to stop
# What is told of an error response. Its own words are not: they may repeat the key, or the article.
HINTS = {401: ", is the key right?", 403: ", may the key do this?", 404: ", are base_url and model right?", 429: ", too many requests"}
CODES = frozenset(("context_length_exceeded", "insufficient_quota", "invalid_api_key", "model_not_found", "rate_limit_exceeded"))
ADAPTABLE = frozenset(("max_tokens", "temperature"))  # parameters that some models do not take
PASSING = frozenset((408, 429, 500, 502, 503, 504))  # what may be different in a second
OF_THE_TEXT = frozenset((400, 413, 422))  # what may be the article's fault, if others were answered


@dataclass(frozen=True, slots=True)
class Terms:
    """What may be asked of `model`: seconds for one request and for one cycle, requests for one answer, and what one day may cost."""

    model: str
    timeout: float
    patience: float
    attempts: int
    calls_per_day: int
    tokens_per_day: int


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why there is no reply. `again` says that it may be sent again at once, after `pause` seconds if the endpoint said so."""

    reason: str
    again: bool = False
    pause: float | None = None
    adapted: bool = False
    of_the_text: bool = False


class Assistant:
    """A language model at `endpoint`, which `name` names; `fallback` makes the extract. To be begun anew in each cycle that asks."""

    def __init__(self, endpoint: Endpoint, terms: Terms, answers: Answers, fallback: Summarizer, *, name: str, clock: Clock) -> None:
        self._endpoint = endpoint
        self._terms = terms
        self._answers = answers
        self._fallback = fallback
        self._clock = clock
        self._without: frozenset[str] = frozenset()
        self._nothing = Contact(name, terms.calls_per_day, terms.tokens_per_day)
        self._contact: Contact | None = None
        self._now, self._began = datetime(1970, 1, 1, tzinfo=UTC), 0.0
        self._asked = self._spent = False
        self._refused: Counter[str] = Counter()
        self._trouble = ""

    # -- without asking -------------------------------------------------------------------------------------------------------

    def recall(self, article: Article) -> Summary:
        """The stored answer for an article, else its extract, marked with what it waits for. A summarizer that never asks."""
        if not llm.worthwhile(article):
            return self._fallback(article)
        key = llm.key(article)
        answer = self._answers.get(key)
        if answer.text:
            return Summary(answer.text, f"llm ({answer.model})")
        extract = self._fallback(article)
        if answer.refused >= REFUSALS:
            return replace(extract, origin=f"{extract.origin}; the language model's answers were refused, the last one because {answer.reason}")
        return replace(extract, origin=f"{extract.origin}; the endpoint is asked later: {self._why(answer)}", pending=key)

    def _why(self, answer: Answer) -> str:
        if answer.refused:
            return f"an answer was refused, because {answer.reason}"
        error = self._known().error
        return f"it failed last time, {error}" if error else "it was not asked yet"

    def _known(self) -> Contact:
        """How it stands with this endpoint; what is known of another one, or with another model, does not count."""
        if self._contact is None:
            noted = self._answers.contact()
            new = self._nothing
            same = noted if noted and noted.name == new.name else new
            self._contact = replace(same, calls_per_day=new.calls_per_day, tokens_per_day=new.tokens_per_day)
        return self._contact

    # -- when -----------------------------------------------------------------------------------------------------------------

    def begin(self, now: datetime) -> None:
        """Begin to ask, in the cycle of `now` (aware UTC, whole seconds)."""
        self._now, self._began, self._asked = now, self._clock.tick(), False
        self._contact = None
        self._refused.clear()
        self._trouble = ""
        contact = self._known()
        ahead = contact.until - now.timestamp() > LONGEST_WISH + LONGEST_PAUSE  # the clock was, when this was noted
        self._note(replace(contact, until=0) if ahead else contact)
        self._spent = self._answers.spent(now).calls >= self._terms.calls_per_day

    def ready(self, within: float | None = None) -> bool:
        """Whether one more article may be asked for now, `within` so many seconds from the beginning if that is less than its patience."""
        elapsed = self._clock.tick() - self._began
        patient = elapsed + self._terms.timeout <= self._terms.patience and (within is None or elapsed < within)
        return (patient or not self._asked) and not self._spent and self._known().until <= self._now.timestamp()

    def due(self) -> datetime:
        """When to ask on for what still waits."""
        if (until := self._known().until) > self._now.timestamp():
            return datetime.fromtimestamp(until, UTC)
        return self._now.replace(hour=0, minute=0, second=0) + timedelta(days=1) if self._spent else self._now + timedelta(seconds=1)

    @property
    def failing(self) -> str:
        """Why the endpoint is left alone for now; empty while it answers."""
        return self._known().error

    def remarks(self) -> tuple[str, ...]:
        """What the log should know of this cycle's asking, one line for each kind of trouble."""
        refused = (f"answers of the language model were refused ({count}): {reason}" for reason, count in sorted(self._refused.items()))
        return (*refused, *([self._trouble] if self._trouble else []))

    # -- asking ---------------------------------------------------------------------------------------------------------------

    def ask(self, article: Article, stop: Stop) -> Summary:
        """The summary of an article that waits for one, after asking for it once. `stop` may raise to give it up; that costs the call."""
        key = llm.key(article)
        answer = self._answers.get(key)
        if not answer.text and answer.refused < REFUSALS:
            outcome = self._reply(article, answer, stop)
            if isinstance(outcome, llm.Reply):
                self._take(key, answer, llm.judge(outcome.text, article, whole=outcome.whole))
            elif outcome is not None and outcome.of_the_text and self._known().answered:
                self._take(key, answer, llm.Verdict("", outcome.reason))
                self._note(replace(self._known(), answered=False))  # of two in a row the second is not the article's fault
            elif outcome is not None:
                self._fail(key, answer, outcome)
        return self.recall(article)

    def _take(self, key: str, answer: Answer, verdict: llm.Verdict) -> None:
        if verdict.reason:
            self._refused[verdict.reason] += 1
            self._answers.put(key, replace(answer, refused=answer.refused + 1, reason=verdict.reason))
        else:
            self._answers.put(key, replace(answer, text=verdict.text, model=self._terms.model, reason=""))
        self._note(replace(self._known(), answered=True, failures=0, until=0, error=""))

    def _fail(self, key: str, answer: Answer, trouble: _Trouble) -> None:
        failures = self._known().failures + 1
        pause = max(min(FIRST_PAUSE << min(failures - 1, 10), LONGEST_PAUSE), min(trouble.pause or 0, LONGEST_WISH))
        until = self._now + timedelta(seconds=int(self._clock.tick() - self._began + pause))
        self._answers.put(key, replace(answer, failed=answer.failed + 1))
        self._note(replace(self._known(), failures=failures, until=int(until.timestamp()), error=trouble.reason))
        again = f"asked again after {until:%Y-%m-%dT%H:%M:%SZ}"
        self._trouble = f"the language model's endpoint fails: {trouble.reason}; extracts are published, it is {again}"

    def _note(self, contact: Contact) -> None:
        self._contact = contact
        self._answers.note_contact(contact)

    def _reply(self, article: Article, answer: Answer, stop: Stop) -> llm.Reply | _Trouble | None:
        """The reply of the endpoint, or why there is none; None when the day's budget does not hold one more request."""
        left = 1 if self._known().failures else self._terms.attempts
        while True:
            asked = llm.question(article, self._terms.model, refused=answer.reason, without=self._without)
            if not self._afford(llm.cost(asked)):
                return None
            outcome = self._send(asked, stop)
            if isinstance(outcome, llm.Reply):
                return outcome
            left -= not outcome.adapted
            if not left or not (outcome.again or outcome.adapted) or not self.ready():
                return outcome
            self._rest(0.0 if outcome.adapted else outcome.pause or BREATH, stop)

    def _afford(self, tokens: int) -> bool:
        spent = self._answers.spent(self._now)
        self._spent = spent.calls >= self._terms.calls_per_day or spent.tokens + tokens > self._terms.tokens_per_day
        return not self._spent

    def _rest(self, seconds: float, stop: Stop) -> None:
        end = self._clock.tick() + seconds
        while (left := end - self._clock.tick()) > 0:
            stop()
            self._clock.sleep(min(left, BEAT))

    def _send(self, asked: bytes, stop: Stop) -> llm.Reply | _Trouble:
        """Send one request, and settle what it cost: all of it where nobody knows."""
        self._asked, cost = True, llm.cost(asked)
        self._answers.spend(self._now, 1, cost)
        outcome = self._endpoint.post(asked, timeout=self._terms.timeout, stop=stop)
        if isinstance(outcome, Unanswered):
            if not outcome.sent:
                self._answers.spend(self._now, -1, -cost)
            return _Trouble(outcome.reason, again=not outcome.late)
        if outcome.status != 200:
            self._answers.spend(self._now, 0, -cost)
            return self._declined(outcome)
        reply = llm.reply(outcome.body)
        if reply is None:
            return _Trouble("its response is not that of a chat endpoint, is base_url right?")
        used = llm.cost(asked, reply.text) if reply.tokens is None else reply.tokens
        self._answers.spend(self._now, 0, used - cost)
        return reply

    def _declined(self, response: Answered) -> _Trouble:
        fault = llm.fault(response.body)
        if response.status == 400 and fault.parameter in ADAPTABLE - self._without:
            self._without |= {fault.parameter}
            return _Trouble(f"it does not take {fault.parameter}", adapted=True)
        code = f" ({fault.code})" if fault.code in CODES else ""
        where = ", it redirects: is base_url right?" if 300 <= response.status < 400 else HINTS.get(response.status, "")
        again = response.status in PASSING and (response.after or 0) <= SHORT
        return _Trouble(f"it answered {response.status}{code}{where}", again, response.after, of_the_text=response.status in OF_THE_TEXT)
