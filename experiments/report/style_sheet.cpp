#include "experiments/report/html.h"

namespace palimpsest::experiments::report {

// --b5 to --b0: the six models, an ordered ramp that varies in lightness as well as in hue, so that it is readable
// without colour vision and in grey print. --never, --core, --sometimes: Okabe and Ito's vermilion, darkened until its
// text has a contrast of 4.5 on the page and its cards, their blue, and a grey.
std::string style_sheet() {
  return R"(
:root { color-scheme: light dark;
  --paper: #fdfcf9; --ink: #1d2127; --soft: #5a626e; --line: #dcd8cf; --card: #f4f1ea; --accent: #8a3b12;
  --b5: #1f3a5f; --b4: #2f6690; --b3: #4f97b5; --b2: #8fb996; --b1: #e0a43a; --b0: #c8512b;
  --never: #b84f00; --core: #0072b2; --sometimes: #666b73; --theirs: #7a5ea8; --quiet: #b9bdc4; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #15181d; --ink: #e8e6e1; --soft: #a3abb6; --line: #343a44; --card: #1e232a; --accent: #f0a070;
  --b5: #7f9fd1; --b4: #5d8fc4; --b3: #57b0cf; --b2: #9fd0a6; --b1: #edbb5a; --b0: #f07b52;
  --never: #f58a42; --core: #5aaee0; --sometimes: #9aa1ab; --theirs: #b49be0; --quiet: #59616d; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: break-word;
  font: 17px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
main, header, footer { max-width: 68rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2.5rem); }
header { padding-top: clamp(1.5rem, 6vw, 4rem); }
h1, h2, h3 { line-height: 1.2; text-wrap: balance; font-weight: 650; letter-spacing: -0.01em; }
h1 { font-size: clamp(1.7rem, 5vw, 2.7rem); margin: 0.3em 0 0.4em; }
h2 { font-size: clamp(1.3rem, 3.4vw, 1.7rem); margin: 3.2rem 0 0.8rem; padding-top: 1.2rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.1rem; margin: 2rem 0 0.5rem; }
p, ul, dl { max-width: 44rem; }
a { color: var(--accent); text-underline-offset: 0.15em; }
a.term { color: inherit; text-decoration: underline dotted; }
dl.words dt { font-weight: 600; margin-top: 0.7rem; }
dl.words dd { margin: 0.1rem 0 0; }
.data { font-size: 0.9rem; color: var(--soft); }
.kicker { color: var(--soft); font-size: 0.95rem; margin: 0; }
.lead { font-size: clamp(1.1rem, 2.6vw, 1.3rem); line-height: 1.5; max-width: 50rem; }
div.answer { display: grid; gap: 0.5rem 2.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); align-items: start; }
figure.answer { margin: 0.4rem 0; }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); margin: 1.6rem 0; }
.card { background: var(--card); border-radius: 0.6rem; padding: 1rem 1.2rem; }
.card h3 { margin: 0 0 0.4rem; font-size: 1rem; color: var(--accent); }
.card p { margin: 0.4rem 0; font-size: 0.95rem; line-height: 1.5; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; padding: 0; font-size: 0.92rem; max-width: none; }
.scroll { overflow-x: auto; margin: 1.2rem 0; -webkit-overflow-scrolling: touch; }
table { border-collapse: collapse; font-size: 0.9rem; line-height: 1.35; font-variant-numeric: tabular-nums; min-width: min(100%, 30rem); }
caption { text-align: left; font-weight: 600; padding-bottom: 0.5rem; max-width: calc(100vw - 3rem); }
th, td { padding: 0.38rem 0.55rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap; }
thead th { border-bottom: 2px solid var(--soft); font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 500; white-space: normal; min-width: 9rem; }
.number { text-align: right; }
.wrap { display: inline-block; white-space: normal; min-width: 12rem; max-width: 36rem; }
tr.paper > * { color: var(--theirs); font-style: italic; }
tr.strong > * { font-weight: 650; }
tr.quiet > * { color: var(--soft); }
.theirs { color: var(--theirs); font-style: italic; }
.soft { color: var(--soft); }
.flag { display: block; font-weight: 400; font-size: 0.78rem; white-space: normal; min-width: 5rem; color: var(--theirs); }
figure { margin: 1.6rem 0; }
figcaption { color: var(--soft); font-size: 0.9rem; line-height: 1.45; margin-top: 0.5rem; max-width: 48rem; }
figure.wide > .chart { overflow-x: auto; }
figure.medium > .chart { max-width: 44rem; overflow-x: auto; }
figure.medium svg { min-width: 27rem; }
p.small { font-size: 0.88rem; color: var(--soft); margin: 0.3rem 0; }
abbr { text-decoration: none; }
figure.wide svg { min-width: 44rem; }
.panels { display: grid; gap: 1.2rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18.5rem), 1fr)); }
svg { display: block; width: 100%; height: auto; font-family: inherit; }
svg text { fill: var(--ink); font-size: 12px; }
svg .tick { fill: var(--soft); font-size: 11px; }
svg .name { font-size: 13px; font-weight: 600; }
svg .axis { stroke: var(--soft); stroke-width: 1; fill: none; }
svg .grid { stroke: var(--line); stroke-width: 1; fill: none; }
svg .zero { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 3 3; fill: none; }
svg .whisker { stroke: var(--ink); stroke-width: 1.1; fill: none; }
svg .curve { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
svg .dashed { stroke-dasharray: 5 4; }
svg .box { fill: none; stroke: var(--ink); stroke-width: 1.6; }
svg .ring { fill: none; stroke: var(--theirs); stroke-width: 2; }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; list-style: none; padding: 0; margin: 0 0 0.5rem; font-size: 0.88rem; max-width: none; }
.legend span { display: inline-block; width: 0.85em; height: 0.85em; border-radius: 0.2em; margin-right: 0.4em; vertical-align: -0.08em; }
.faces { display: grid; gap: 1.1rem 1.4rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); }
.face { margin: 0; display: grid; grid-template-columns: repeat(3, 1fr); gap: 0.3rem; }
.face > div { position: relative; line-height: 0; }
.face img { width: 100%; aspect-ratio: 1; image-rendering: pixelated; border-radius: 0.25rem; background: var(--card); }
.face svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.face svg ellipse { fill: none; stroke: #fff; stroke-width: 1.6; paint-order: stroke; filter: drop-shadow(0 0 1px #000); }
.face span { display: block; line-height: 1.3; font-size: 0.76rem; color: var(--soft); text-align: center; margin-top: 0.2rem; }
.face .inverted { color: var(--b0); font-weight: 600; }
.face figcaption { grid-column: 1 / -1; margin: 0; font-size: 0.8rem; }
.shade { display: block; padding: 0 0.3rem; border-radius: 0.2rem; }
.chip { text-align: center; border-radius: 0.25rem; font-weight: 600; }
.missing { border-left: 3px solid var(--b1); padding: 0.3rem 0.9rem; background: var(--card); }
details { margin: 1rem 0; border: 1px solid var(--line); border-radius: 0.5rem; padding: 0.6rem 1rem; }
summary { cursor: pointer; font-weight: 600; }
footer { color: var(--soft); font-size: 0.9rem; padding-top: 3rem; padding-bottom: 3rem; }
code { font: 0.9em ui-monospace, "SFMono-Regular", Menlo, Consolas, "Liberation Mono", monospace; }
@media (max-width: 40rem) { table { font-size: 0.78rem; min-width: 0; } th, td { padding: 0.32rem 0.35rem; }
  thead th { white-space: normal; overflow-wrap: normal; } tbody th { min-width: 4.5rem; position: sticky; left: 0; background: var(--paper); }
  details { padding: 0.6rem; } .wrap { min-width: 9rem; } }
@media print { body { font-size: 10.5pt; background: #fff; } nav { display: none; } h2 { break-after: avoid; }
  figure, .card, tr { break-inside: avoid; } .scroll, figure.wide > .chart { overflow: visible; } details { border: 0; padding: 0; }
  details::details-content { content-visibility: visible; block-size: auto; } }
)";
}

}  // namespace palimpsest::experiments::report
