"""Makes assistant/data/tokens-en-zh.gz: how much each token of Qwen2.5's vocabulary is wanted.

Three sources are counted, and none of the texts that `benchmarks/tuned.py` measures with:

- the model itself: it answers requests of everyday life and about programs in English and Chinese,
  and at each step every token gets the probability that the model gives it;
- words: the frequencies of `wordfreq` (CC-BY-SA-4.0) for both languages;
- code: the files of Python's standard library.

    python benchmarks/wanted_tokens.py --model qwen2.5-coder-0.5b-q4_k_m --work DIR [--steps 160]

`wordfreq` must be installed. Counts are kept in the work folder and not made twice.
"""

import argparse
import ctypes
import gzip
import random
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from assistant.config import Config
from assistant.models import Shelf
from assistant.tuning.cut import Source
from assistant.tuning.wanted import Wanted

TOPICS_EN = """
the weather this week; a good breakfast; how to sleep better; the solar system; making tea; my cat;
learning to play the guitar; a trip to Paris; the history of Rome; how engines work; a birthday
present for my father; saving money; the moon; growing tomatoes; a bedtime story about a dragon;
electric cars; the heart and the blood; a recipe for soup; how to fix a bicycle tyre; mathematics
homework about fractions; the ocean; whales and dolphins; a joke about teachers; football rules;
the Olympic Games; Shakespeare; a poem about autumn; job interviews; a letter of complaint; how
vaccines work; climate change; the capital cities of Europe; Japanese food; the human brain; time
zones; how to tie a tie; cleaning the kitchen; a healthy diet; running a marathon; chess openings;
famous painters; classical music; the piano; the internet; computers for my grandmother; passwords;
choosing a phone; the news; elections; taxes; buying a house; insurance; first aid for a burn; a
headache; the common cold; pregnancy; raising children; school lunches; dinosaurs; volcanoes;
earthquakes; gravity; Albert Einstein; Marie Curie; black holes; space travel; airplanes; trains;
the Chinese New Year; Christmas; religion in India; the Second World War; the French Revolution;
ancient Egypt; democracy; the stock market; starting a small business; marketing; a speech at a
wedding; saying sorry; making friends; dogs; horses; birds in my garden; trees; bread; coffee; wine;
chocolate; the kitchen timer; turning on the lights; music for dinner; my calendar for tomorrow;
reminders; a shopping list; directions to the station; translating a sentence; spelling; English
grammar; a crossword; riddles; a film for tonight; science fiction books; my favourite singer
"""
TOPICS_ZH = """
今天的天气;健康的早餐;怎么睡得更好;太阳系;泡茶;我家的猫;学吉他;去北京旅行;唐朝的历史;发动机的原理;给爸爸的生日礼物;
存钱;月亮;种西红柿;一个关于龙的睡前故事;电动汽车;心脏和血液;做汤;修自行车;分数的数学作业;大海;鲸鱼和海豚;
关于老师的笑话;足球规则;奥运会;李白的诗;写一首关于秋天的诗;面试;投诉信;疫苗;气候变化;欧洲各国的首都;日本菜;大脑;
时区;打领带;打扫厨房;健康饮食;跑马拉松;下象棋;著名画家;古典音乐;钢琴;互联网;教奶奶用电脑;密码安全;选手机;新闻;
法律常识;交税;买房;保险;烫伤急救;头痛;感冒;怀孕;教育孩子;学校午餐;恐龙;火山;地震;重力;爱因斯坦;居里夫人;黑洞;
航天;飞机;高铁;春节;中秋节;佛教;第二次世界大战;秦始皇;古埃及;民主;股票市场;开小店;市场营销;婚礼致辞;道歉;交朋友;
狗;马;花园里的鸟;树木;包饺子;咖啡;白酒;巧克力;定时器;开灯;晚饭音乐;明天的日程;提醒事项;购物清单;去火车站的路;
翻译句子;写字;汉语语法;成语故事;猜谜语;今晚的电影;科幻小说;我喜欢的歌手;中医;书法;西游记;红楼梦;长城;黄河;熊猫;
广东菜;四川火锅;减肥;游泳;爬山;看病;打车;快递;网上购物;红包;高考;大学专业;考研;租房;工资;加班;结婚;离婚;父母;老人
"""
CODE = """
sorting a list; reading a file; a web server; regular expressions; a class for a bank account; SQL
joins; recursion; a linked list; an HTML form; a shell script that renames files; parsing JSON; unit
tests; a binary search; threads; a C program that counts words; JavaScript promises; CSS layout; git
branches; a Dockerfile; plotting data; prime numbers; a hash table; dates and times; a calculator
"""
ASKED_EN = (
    "Tell me about {}.", "Give me three tips on {}.", "Explain {} to a child, in a few sentences.",
    "I want to talk about {}. What would you ask me?", "Write a short dialogue about {}.",
    "What are common questions about {}, and their answers?", "Write a short article about {}.",
    "List ten words that belong to {} and explain them.",
)  # fmt: skip
ASKED_ZH = (
    "请介绍一下{}。", "关于{}，给我三个建议。", "用几句话给小孩子解释{}。",
    "我想聊聊{}，你会问我什么？", "写一段关于{}的对话。", "关于{}的常见问题和回答有哪些？",
    "写一篇关于{}的短文。", "列出十个和{}有关的词语并解释。",
)  # fmt: skip
ASKED_CODE = ("Write a program: {}.", "Explain {} with an example.", "用代码举例说明：{}。")

SEQUENCES = 24
"""Answers that are written at once."""
SHARES = {"vote-en": 0.25, "vote-zh": 0.25, "vote-code": 0.1, "words-en": 0.2, "words-zh": 0.12,
          "code": 0.08}  # fmt: skip
"""What each count weighs."""
FORMS: tuple[tuple[float, Callable[[str], str]], ...] = (
    (0.72, lambda word: " " + word),
    (0.14, lambda word: " " + word.capitalize()),
    (0.08, lambda word: word.capitalize()),
    (0.05, lambda word: word),
    (0.01, lambda word: " " + word.upper()),
)
"""How an English word is written, and how often."""

Counts = NDArray[np.float64]


class Voter:
    """Lets the model answer many requests at once and adds up what it would say."""

    def __init__(self, path: Path, threads: int, steps: int, seed: int) -> None:
        self._silence = llama_cpp.llama_log_callback(lambda *_: None)
        llama_cpp.llama_log_set(self._silence, ctypes.c_void_p(0))
        self._model = llama_cpp.llama_model_load_from_file(
            str(path).encode(), llama_cpp.llama_model_default_params()
        )
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = SEQUENCES * (steps + 96)
        params.n_batch = params.n_ubatch = 512
        params.n_seq_max = SEQUENCES
        params.n_threads = params.n_threads_batch = threads
        params.kv_unified = False
        self._context = llama_cpp.llama_init_from_model(self._model, params)
        self.vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self.size = llama_cpp.llama_vocab_n_tokens(self.vocabulary)
        self._steps, self._random = steps, np.random.default_rng(seed)
        self._batch = llama_cpp.llama_batch_init(512, 0, 1)

    def tokens(self, text: str, special: bool = False) -> list[int]:
        data = text.encode()
        found = (llama_cpp.llama_token * (len(data) + 8))()
        count = llama_cpp.llama_tokenize(
            self.vocabulary, data, len(data), found, len(found), False, special
        )
        return list(found[:count])

    def vote(self, requests: list[str]) -> Counts:
        """Return the sum of all probabilities while the requests are answered."""
        memory = llama_cpp.llama_get_memory(self._context)
        llama_cpp.llama_memory_clear(memory, True)
        votes = np.zeros(self.size)
        alive: dict[int, int] = {}  # sequence -> position
        latest: dict[int, int] = {}
        for number, request in enumerate(requests):
            prompt = self.tokens(
                f"<|im_start|>user\n{request}<|im_end|>\n<|im_start|>assistant\n", special=True
            )[:96]
            self._decode([(token, at, number) for at, token in enumerate(prompt)])
            alive[number] = len(prompt)
            latest[number] = self._choose(len(prompt) - 1, votes)
        for _ in range(self._steps):
            alive = {
                number: at
                for number, at in alive.items()
                if not llama_cpp.llama_vocab_is_eog(self.vocabulary, latest[number])
            }
            if not alive:
                break
            self._decode([(latest[number], at, number) for number, at in alive.items()])
            for row, number in enumerate(list(alive)):
                latest[number] = self._choose(row, votes)
                alive[number] += 1
        return votes

    def _decode(self, entries: list[tuple[int, int, int]]) -> None:
        batch = self._batch
        batch.n_tokens = len(entries)
        for row, (token, at, sequence) in enumerate(entries):
            batch.token[row], batch.pos[row] = token, at
            batch.n_seq_id[row], batch.seq_id[row][0] = 1, sequence
            batch.logits[row] = True
        if llama_cpp.llama_decode(self._context, batch):
            raise RuntimeError("llama.cpp cannot decode")

    def _choose(self, row: int, votes: Counts) -> int:
        """Draw a token, and count all of them."""
        logits = llama_cpp.llama_get_logits_ith(self._context, row)
        scores = np.ctypeslib.as_array(logits, shape=(self.size,))
        chances = np.exp(scores - scores.max())
        chances /= chances.sum()
        votes += chances
        order = np.cumsum(chances)
        return int(np.searchsorted(order, self._random.random() * order[-1]))


def requests(topics: str, asked: Iterable[str], count: int, seed: int) -> Iterator[list[str]]:
    names = [name.strip().replace("\n", " ") for name in topics.split(";")]
    every = [form.format(name) for name in names for form in asked]
    random.Random(seed).shuffle(every)
    for at in range(0, min(count, len(every)), SEQUENCES):
        yield every[at : at + SEQUENCES]


def votes(voter: Voter, topics: str, asked: Iterable[str], count: int) -> Counts:
    total = np.zeros(voter.size)
    for number, group in enumerate(requests(topics, asked, count, seed=4)):
        total += voter.vote(group)
        print(f"  {number + 1}: {total.sum():.0f} tokens", flush=True)
    return total


def words(voter: Voter, language: str) -> Counts:
    import wordfreq

    total = np.zeros(voter.size)
    forms = FORMS if language == "en" else ((1.0, str),)
    for word, share in wordfreq.get_frequency_dict(language, wordlist="large").items():
        for weight, form in forms:
            for token in voter.tokens(form(word)):
                total[token] += weight * share
    return total


def code(voter: Voter) -> Counts:
    total = np.zeros(voter.size)
    root = Path(sysconfig.get_path("stdlib"))
    for path in sorted([*root.glob("*.py"), *root.glob("[a-z]*/*.py")]):
        if not any(part in str(path) for part in ("test", "site-packages", "encodings", "pydoc_")):
            text = path.read_text(encoding="utf-8", errors="replace")[:60_000]
            np.add.at(total, voter.tokens(text), 1)
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="", help="a name of the catalogue, or a path")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--count", type=int, default=240, help="requests of each kind")
    parser.add_argument("--steps", type=int, default=160, help="tokens of an answer")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("assistant/data/tokens-en-zh.gz"))
    options = parser.parse_args()
    path = Shelf(Config().models_dir).locate(options.model, "llm")
    voter = Voter(path, options.threads, options.steps, seed=4)
    makers: dict[str, Callable[[], Counts]] = {
        "words-en": lambda: words(voter, "en"),
        "words-zh": lambda: words(voter, "zh"),
        "code": lambda: code(voter),
        "vote-zh": lambda: votes(voter, TOPICS_ZH, ASKED_ZH, options.count),
        "vote-en": lambda: votes(voter, TOPICS_EN, ASKED_EN, options.count),
        "vote-code": lambda: votes(voter, CODE, ASKED_CODE, options.count // 4),
    }
    options.work.mkdir(parents=True, exist_ok=True)
    total = np.zeros(voter.size)
    for name, make in makers.items():
        kept = options.work / f"{name}.npy"
        if not kept.exists():
            print(name, flush=True)
            np.save(kept, make())
        counts: Any = np.load(kept)
        total += SHARES[name] * counts / counts.sum()
    wanted = Wanted.of(Source(path).vocabulary, total)
    options.out.write_bytes(gzip.compress(wanted.packed(), 9, mtime=0))
    print(f"{options.out}: {options.out.stat().st_size} bytes, {(total > 0).sum()} tokens")


if __name__ == "__main__":
    main()
