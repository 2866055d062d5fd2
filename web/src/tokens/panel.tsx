// What is known of one token: both lists of most likely tokens, its nll, its depth.
import { formatValue } from "../format/number";
import { tokenText, topOf, type Tokens, type TokenWindow, type Top } from "./data";
import { Token } from "./token_text";

const shown = (value: number | null | undefined): string =>
  value === null || value === undefined ? "not known" : formatValue(value);

function TopList({ title, top, right }: { title: string; top: Top[]; right: string }) {
  return (
    <div class="top">
      <h4>{title}</h4>
      {top.length === 0 && <p class="dim">not known</p>}
      <ol>
        {top.map((one, i) => (
          <li key={i} class={one.token === right ? "right" : ""}>
            <Token of={one.token} />
            <meter min={0} max={1} value={one.p} aria-hidden="true" />
            <span class="p">{formatValue(one.p, { percent: true })}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

export function Panel({ tokens, window, index }: { tokens: Tokens; window: TokenWindow | undefined; index: number | null }) {
  const k = window && index !== null ? index - window.first : -1;
  const inText = window && index !== null ? tokenText(tokens, window.tokens[index]) : "";
  return (
    <aside class="panel" aria-label="The token" aria-live="polite">
      {!window || index === null ? (
        <p class="dim">Point at a token or tap it, or use Tab and the arrow keys. Both models' five most likely tokens are shown here.</p>
      ) : (
        <>
          <p class="which"><Token of={inText} /> <span class="dim">window {window.id}, depth {index}</span></p>
          {k < 0 || k >= window.kld.length ? (
            <p class="dim">Context: it is read, not scored.</p>
          ) : (
            <>
              <dl class="facts tight">
                <div><dt>KLD</dt><dd>{shown(window.kld[k])}{window.flip[k] === "1" && <strong> top token changed</strong>}</dd></div>
                <div><dt>nll</dt><dd>{shown(window.nllOriginal[k])} → {shown(window.nll[k])}</dd></div>
                <div><dt>change of p</dt><dd>{window.deltaP[k] === null || window.deltaP[k] === undefined ? "not known" : formatValue(window.deltaP[k] ?? 0, { percent: true, change: true })}</dd></div>
              </dl>
              <div class="tops">
                <TopList title="Original" top={topOf(tokens, window.topOriginal[k])} right={inText} />
                <TopList title="This model" top={topOf(tokens, window.topCandidate[k])} right={inText} />
              </div>
              <p class="dim small">Marked: the token that the text has.</p>
            </>
          )}
        </>
      )}
    </aside>
  );
}
