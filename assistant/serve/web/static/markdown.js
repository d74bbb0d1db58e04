// Markdown as language models write it, as DOM nodes: text only ever becomes a text node, and no
// element, attribute or address is made but those named here.
//
// While an answer comes (`open`), what is unfinished at its end is shown as if it were closed, so
// that nothing jumps when it is.

const DEPTH = 6; // of lists and quotes in each other
const INLINE_DEPTH = 8;

const FENCE = /^( {0,3})(`{3,}|~{3,})[ \t]*([^`\s]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})(?=[ \t]|$)/;
const RULE = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(?:[ \t]+|$)/;
const DELIMITERS = /^\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$/;
const BEGUN = /^[ \t]*(?:#{1,6}|[-*+_]{1,3}|`{1,2}|~{1,2}|>)[ \t]*$/; // may yet become a block

// --- blocks: from text to plain objects --------------------------------------------------------

/** The blocks of `source`; each has `type` and `raw`, the text it was made of. */
export function parse(source, open = false, depth = 0) {
  const lines = source.replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n");
  if (open && BEGUN.test(lines.at(-1)) && !inFence(lines)) lines.pop();
  const found = [];
  for (let i = 0; i < lines.length; ) {
    if (!lines[i].trim()) {
      i++;
      continue;
    }
    const [block, next] = one(lines, i, open, depth);
    block.raw = lines.slice(i, next).join("\n");
    found.push(block);
    i = next;
  }
  const last = found.at(-1);
  if (last && open) last.open = true;
  return found;
}

function inFence(lines) {
  let fence = null;
  for (const line of lines) {
    if (fence) {
      if (closes(line, fence)) fence = null;
    } else fence = FENCE.exec(line)?.[2] ?? null;
  }
  return fence !== null;
}

function closes(line, fence) {
  const text = line.trim();
  return text.length >= fence.length && text === fence[0].repeat(text.length);
}

function one(lines, i, open, depth) {
  const line = lines[i];
  let m = FENCE.exec(line);
  if (m) return code(lines, i, m, open);
  m = HEADING.exec(line);
  if (m) {
    const text = line.slice(m[0].length).trim().replace(/(^|\s)#+$/, "");
    return [{ type: "heading", level: m[1].length, text }, i + 1];
  }
  if (RULE.test(line)) return [{ type: "rule" }, i + 1];
  if (depth < DEPTH) {
    if (QUOTE.test(line)) return quote(lines, i, open, depth);
    m = ITEM.exec(line);
    if (m) return list(lines, i, m, open, depth);
  }
  return table(lines, i, open) ?? paragraph(lines, i, open, depth);
}

function code(lines, i, [, indent, fence, lang], open) {
  const text = [];
  let end = i + 1;
  for (; end < lines.length && !closes(lines[end], fence); end++) {
    let line = lines[end];
    for (let n = indent.length; n > 0 && line[0] === " "; n--) line = line.slice(1);
    text.push(line);
  }
  const closed = end < lines.length;
  const tail = text.at(-1)?.trim() ?? "";
  if (!closed && open && tail && tail === fence[0].repeat(tail.length)) text.pop();
  return [{ type: "code", lang: lang.slice(0, 30), text: text.join("\n") }, closed ? end + 1 : end];
}

function quote(lines, i, open, depth) {
  const text = [];
  let end = i;
  for (; end < lines.length && QUOTE.test(lines[end]); end++) {
    text.push(lines[end].replace(QUOTE, ""));
  }
  const last = open && end === lines.length;
  return [{ type: "quote", blocks: parse(text.join("\n"), last, depth + 1) }, end];
}

const indentOf = (line) => line.length - line.trimStart().length;

function list(lines, i, first, open, depth) {
  const ordered = first[2].length > 1;
  const base = first[1].length;
  const texts = [];
  let content = 0;
  let end = i;
  for (; end < lines.length; end++) {
    const line = lines[end];
    const m = ITEM.exec(line);
    if (!line.trim()) {
      const next = lines.slice(end + 1, end + 4).find((one) => one.trim());
      const item = next && ITEM.exec(next);
      const goes = next && (indentOf(next) >= base + 2 || (item && item[2].length > 1 === ordered));
      if (!goes) break;
      texts.at(-1).push("");
    } else if (m && m[1].length < base + 2 && !RULE.test(line)) {
      if (m[2].length > 1 !== ordered) break;
      content = m[0].length;
      texts.push([line.slice(content)]);
    } else if (indentOf(line) >= base + 2) {
      texts.at(-1).push(line.slice(Math.min(content, indentOf(line))));
    } else if (lines[end - 1].trim() && !starts(line, depth)) {
      texts.at(-1).push(line.trimStart());
    } else break;
  }
  const items = texts.map((text, n) =>
    parse(text.join("\n"), open && end === lines.length && n === texts.length - 1, depth + 1),
  );
  return [{ type: "list", ordered, start: Number.parseInt(first[2], 10) || 0, items }, end];
}

/** Whether a line ends the paragraph before it. */
function starts(line, depth) {
  if (FENCE.test(line) || HEADING.test(line) || RULE.test(line)) return true;
  if (depth >= DEPTH) return false;
  const item = ITEM.exec(line);
  const goesOn = item && line.length > item[0].length;
  return QUOTE.test(line) || (goesOn && (item[2].length === 1 || /^1[.)]/.test(item[2])));
}

function cells(line) {
  const found = [""];
  let inCode = false;
  const text = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\" && text[i + 1] === "|") found[found.length - 1] += text[++i];
    else if (text[i] === "|" && !inCode) found.push("");
    else {
      if (text[i] === "`") inCode = !inCode;
      found[found.length - 1] += text[i];
    }
  }
  return found.map((cell) => cell.trim());
}

function table(lines, i, open) {
  const second = lines[i + 1]?.trim();
  if (!lines[i].includes("|")) return null;
  const begun = // the row of dashes has not come yet, or not all of it
    open && lines[i].trim()[0] === "|" && i + 2 >= lines.length && /^[|\-: ]*$/.test(second ?? "");
  if (!begun && !(second?.includes("-") && DELIMITERS.test(second))) return null;
  const head = cells(lines[i]);
  if (!begun && head.length !== cells(second).length) return null;
  const rows = [];
  let end = Math.min(lines.length, i + 2);
  for (; end < lines.length && lines[end].includes("|"); end++) {
    rows.push(cells(lines[end]).slice(0, head.length));
  }
  return [{ type: "table", head, rows }, end];
}

function paragraph(lines, i, open, depth) {
  const goesOn = (n) =>
    lines[n]?.trim() &&
    !starts(lines[n], depth) &&
    !(/^ {0,3}\|/.test(lines[n]) && table(lines, n, open));
  let end = i + 1;
  while (goesOn(end)) end++;
  const text = lines.slice(i, end).map((line) => line.trim());
  return [{ type: "paragraph", text: text.join("\n") }, end];
}

// --- inline text -------------------------------------------------------------------------------

const PUNCTUATION = /[!-/:-@[-`{-~]/;
const LINK =
  /!?\[([^[\]\n]{1,500})\]\([ ]{0,9}<?([^\s()<>]{1,2000}(?:\([^\s()<>]{0,500}\)[^\s()<>]{0,500}){0,5})>?(?:[ ]{1,9}"[^"\n]{0,200}")?[ ]{0,9}\)/y;
const OPEN_LINK = /!?\[([^[\]\n]{1,500})\]\([^\s)]*$/y;
const BARE = /https?:\/\/[\w\-.~:/?#[\]@!$&'()+,;=%]+/iy;
const WORD = /[\p{L}\p{N}_]/u;

/** The address that a link may have: absolute, http or https; else null. */
export function safeUrl(text) {
  try {
    const url = new URL(text);
    return ["http:", "https:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

function link(url, ...children) {
  const a = element("a", ...children);
  a.href = url;
  a.title = url;
  a.rel = "noopener noreferrer nofollow";
  a.target = "_blank";
  return a;
}

function at(pattern, text, i) {
  pattern.lastIndex = i;
  return pattern.exec(text);
}

function runLength(text, i) {
  let end = i;
  while (text[end] === text[i]) end++;
  return end - i;
}

/** Where the run of exactly `n` backticks begins that closes the one before `from`; or -1. */
function codeEnd(text, from, n) {
  for (let i = text.indexOf("`", from); i >= 0; ) {
    const run = runLength(text, i);
    if (run === n) return i;
    i = text.indexOf("`", i + run);
  }
  return -1;
}

/** Where `marker` closes emphasis that begins before `from`; or -1. */
function emphasisEnd(text, from, marker) {
  const [mark] = marker;
  for (let i = from; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === "`") {
      const run = runLength(text, i);
      const end = codeEnd(text, i + run, run);
      i = end < 0 ? i + run - 1 : end + run - 1;
    } else if (text[i] === mark) {
      const run = runLength(text, i);
      const fits = marker.length === 1 ? run === 1 || run === 3 : run >= marker.length;
      const after = text[i + run];
      const inWord = mark === "_" && after !== undefined && WORD.test(after);
      if (fits && i > from && !/\s/.test(text[i - 1]) && !inWord) return i + run - marker.length;
      i += run - 1;
    }
  }
  return -1;
}

/** The address that stands at `i` as it is, not in a word; or undefined. */
function bareAt(text, i) {
  if (text[i] !== "h" && text[i] !== "H") return undefined;
  return i && WORD.test(text[i - 1]) ? undefined : at(BARE, text, i)?.[0];
}

/** Nodes for text within a paragraph. */
export function inline(text, open = false, depth = 0, linked = false) {
  const out = document.createDocumentFragment();
  const misses = new Set(); // what has no end from here has none further on
  let plain = "";
  const flush = () => {
    if (plain) out.append(document.createTextNode(plain));
    plain = "";
  };
  const add = (node) => {
    flush();
    out.append(node);
  };
  for (let i = 0; i < text.length; ) {
    const c = text[i];
    if (c === "\\" && PUNCTUATION.test(text[i + 1] ?? "")) {
      plain += text[i + 1];
      i += 2;
    } else if (c === "`") {
      const n = runLength(text, i);
      const end = misses.has(n) ? -1 : codeEnd(text, i + n, n);
      if (end >= 0) {
        const body = text.slice(i + n, end);
        const padded = /^ [^]*[^ ][^]* $/.test(body);
        add(element("code", padded ? body.slice(1, -1) : body));
        i = end + n;
      } else if (open) {
        const body = text.slice(i + n).replace(/`+$/, "");
        if (body) add(element("code", body));
        i = text.length;
      } else {
        misses.add(n);
        plain += text.slice(i, i + n);
        i += n;
      }
    } else if (c === "[" || (c === "!" && text[i + 1] === "[")) {
      const m = linked ? null : at(LINK, text, i);
      const url = m && safeUrl(m[2]);
      const half = !m && !linked && open && text.length - i < 2500 && at(OPEN_LINK, text, i);
      if (url) {
        add(link(url, inline(m[1], false, depth, true)));
        i += m[0].length;
      } else if (half) {
        plain += half[1];
        i = text.length;
      } else {
        plain += c;
        i++;
      }
    } else if (!linked && bareAt(text, i)) {
      let bare = bareAt(text, i).replace(/[.,;:!?'\]]+$/, "");
      if (bare.endsWith(")") && !bare.includes("(")) bare = bare.replace(/[).,;:!?']+$/, "");
      const url = safeUrl(bare);
      if (url) add(link(url, bare));
      else plain += bare;
      i += bare.length;
    } else if (c === "*" || c === "_" || c === "~") {
      const run = runLength(text, i);
      const n = c === "~" ? 2 : Math.min(run, 3);
      const marker = c.repeat(n);
      const next = text[i + run];
      const inWord = c === "_" && i && WORD.test(text[i - 1]);
      const atEnd = open && next === undefined;
      if (atEnd) {
        i += run;
        continue;
      }
      const may = run <= 3 && run >= n && !/\s/.test(next ?? " ") && !inWord && depth < INLINE_DEPTH;
      const end = may && !misses.has(marker) ? emphasisEnd(text, i + run, marker) : -1;
      if (end >= 0 || (may && open)) {
        const rest = end >= 0 ? text.slice(i + n, end) : text.slice(i + n);
        const body = inline(rest, end < 0, depth + 1, linked);
        if (c === "~") add(element("del", body));
        else if (n === 1) add(element("em", body));
        else add(n === 2 ? element("strong", body) : element("strong", element("em", body)));
        i = end >= 0 ? end + n : text.length;
      } else {
        if (may) misses.add(marker);
        plain += text.slice(i, i + run);
        i += run;
      }
    } else {
      plain += c;
      i++;
    }
  }
  flush();
  return out;
}

// --- from blocks to nodes ----------------------------------------------------------------------

function build(block, tools) {
  const { open = false } = block;
  switch (block.type) {
    case "heading":
      return element(`h${block.shown}`, inline(block.text, open));
    case "rule":
      return element("hr");
    case "quote":
      return element("blockquote", ...nodes(block.blocks, tools));
    case "list": {
      const made = element(block.ordered ? "ol" : "ul");
      if (block.ordered && block.start !== 1) made.start = block.start;
      made.append(...block.items.map((item) => listItem(item, tools)));
      return made;
    }
    case "table":
      return tableNode(block, open);
    case "code":
      return codeNode(block, tools);
    default:
      return element("p", inline(block.text, open));
  }
}

function listItem(blocks, tools) {
  const [first, ...rest] = blocks;
  if (first?.type !== "paragraph") return element("li", ...nodes(blocks, tools));
  return element("li", inline(first.text, first.open), ...nodes(rest, tools));
}

function tableNode({ head, rows }, open) {
  const row = (name, texts, last) =>
    element("tr", ...texts.map((text) => element(name, inline(text, last))));
  const body = rows.map((texts, n) => row("td", texts, open && n === rows.length - 1));
  const made = element("table", element("thead", row("th", head, open && !rows.length)));
  if (body.length) made.append(element("tbody", ...body));
  const frame = element("div", made);
  frame.className = "table";
  frame.tabIndex = 0; // it may scroll
  return frame;
}

function codeNode({ lang, text }, tools) {
  const inner = element("code", text);
  const pre = element("pre", inner);
  pre.tabIndex = 0; // it may scroll
  const bar = element("div", element("span", lang || tools.code));
  bar.className = "bar";
  if (tools.copy) {
    const button = element("button", tools.copyLabel);
    button.type = "button";
    button.addEventListener("click", () => tools.copy(inner.textContent, button));
    bar.append(button);
  }
  const frame = element("div", bar, pre);
  frame.className = "code";
  return frame;
}

function nodes(blocks, tools) {
  // A page's headings go down by one at a time, whatever the model does.
  for (const block of blocks) {
    if (block.type !== "heading") continue;
    block.shown = Math.min(block.level + 2, tools.level + 1, 6);
    tools.level = block.shown;
  }
  return blocks.map((block) => build(block, tools));
}

const rendered = new WeakMap();

/**
 * Show `text` in the element `into`. Blocks that did not change since the last call keep their
 * nodes, so that a selection or the focus in them stays.
 *
 * `tools`: {copy(text, button), copyLabel, code}, for code blocks.
 */
export function render(into, text, open = false, tools = {}) {
  const old = rendered.get(into) ?? [];
  const kept = { code: "code", copyLabel: "Copy", ...tools, level: 2 };
  const now = [];
  parse(text, open).forEach((block, n) => {
    const before = old[n];
    const level = kept.level;
    const grows = block.type === "code" && before?.block.type === "code";
    if (before?.key === key(block) && before.level === level) {
      kept.level = before.after;
      now.push(before);
    } else if (grows && before.block.lang === block.lang) {
      before.node.querySelector("code").textContent = block.text;
      now.push({ ...before, key: key(block), block, level, after: level });
    } else {
      const [made] = nodes([block], kept);
      if (before) before.node.replaceWith(made);
      else into.append(made);
      now.push({ node: made, key: key(block), block, level, after: kept.level });
    }
  });
  for (const { node } of old.slice(now.length)) node.remove();
  rendered.set(into, now);
}

const key = (block) => `${block.type}${block.open ? "…" : "."}${block.raw}`;
