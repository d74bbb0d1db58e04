"""The games of learning.toml."""

from assistant.plugin import Context

WORDS = ("garden", "letter", "winter")
RIGHT = {"en": "Right!", "zh": "对了！"}
WRONG = {"en": "Not quite. It is spelled {}.", "zh": "不对，是 {}。"}
ASKED = {"en": "How do you spell {}?", "zh": "{} 怎么拼？"}


def times_table(context: Context, number: int) -> str:
    """Say one to ten times a number."""
    comma, stop = ("，", "。") if context.language == "zh" else (", ", ".")
    return comma.join(str(number * factor) for factor in range(1, 11)) + stop


def spelling_quiz(context: Context) -> None:
    """Ask for a word, each time the next one."""
    turn = context.store.get("turn", 0)
    context.store["turn"] = turn + 1
    word = WORDS[turn % len(WORDS)]

    def judged(context: Context, said: str) -> str:
        letters = "".join(c for c in said.lower() if c.isalpha())
        if letters == word:
            return RIGHT[context.language]
        return WRONG[context.language].format(" ".join(word.upper()))

    context.ask(ASKED[context.language].format(word), judged)
