// The tokens that carry the loss, with what stands around them; and the loss by class of token.
import { absent, at, label, metric, number, text } from "../document/read";
import { Dot, Rows } from "../chart/rows";
import { linearAxis } from "../chart/scale";
import { formatEstimate, formatValue } from "../format/number";
import { grouped } from "../format/units";
import { Part } from "../ui/parts";
import { tokenText, type Tokens, type Worst } from "./data";
import { running } from "./token_text";

const kBefore = 12;
const kAfter = 4;

const hrefOf = (one: Worst): string => `#token=${Math.trunc(one.window)}:${Math.trunc(one.token)}`;

function Context({ tokens, one }: { tokens: Tokens; one: Worst }) {
  const window = tokens.windows.find(({ id }) => id === one.window);
  if (!window) return <span class="dim">window {one.window} is not in this report</span>;
  const shown = (from: number, to: number): string =>
    window.tokens.slice(Math.max(0, from), to).map((id) => running(tokenText(tokens, id)).shown).join("");
  return (
    <bdi class="context">
      …{shown(one.token - kBefore, one.token)}
      <a href={hrefOf(one)}><mark>{shown(one.token, one.token + 1)}</mark></a>
      {shown(one.token + 1, one.token + 1 + kAfter)}…
    </bdi>
  );
}

export function WorstTokens({ tokens, linked }: { tokens: Tokens; linked: boolean }) {
  if (tokens.worst.length === 0) return null;
  const share = metric(tokens.worstShare);
  const title = share
    ? `The ${tokens.worst.length} tokens that carry ${formatEstimate(share, { percent: true })} of the loss`
    : `The ${tokens.worst.length} tokens with the largest loss`;
  return (
    <Part title={title} lead={linked ? "Open one to see it in the text." : undefined}>
      <ol class="worst">
        {tokens.worst.map((one, i) => (
          <li key={i}>
            <Context tokens={tokens} one={one} />
            <span class="numeric">
              {one.share !== null && <strong>{formatValue(one.share, { percent: true })}</strong>}
              {one.kld !== null && <span class="dim"> KLD {formatValue(one.kld)}</span>}
            </span>
          </li>
        ))}
      </ol>
    </Part>
  );
}

export function TokenClasses({ tokens }: { tokens: Tokens }) {
  if (tokens.classes.length === 0) return null;
  const rows = tokens.classes.map((json) => ({
    json,
    loss: metric(at(json, "loss_share")),
    own: number(at(json, "token_share")),
    kld: metric(at(json, "kld_mean")),
  }));
  const most = Math.max(...rows.flatMap(({ loss, own }) => [loss?.high ?? loss?.value ?? 0, own ?? 0]), 0.01);
  const axis = linearAxis(0, Math.min(1, most), true, 4);
  return (
    <Part title="Loss by class of token" lead="Hollow: its share of the tokens. Filled: its share of the loss. Apart, and the filled one to the right: this class loses more than its part.">
      <Rows
        caption="Loss by class of token"
        columns={["Class", "tokens", "share of tokens", "share of the loss", "KLD"]}
        axis={axis}
        rows={rows.map(({ json, loss, own, kld }) => ({
          name: label(at(json, "title")) || text(at(json, "id")),
          graphic: (
            <>
              {own !== null && <g class="hollow"><Dot at={axis.at(own)} /></g>}
              {loss && <Dot at={axis.at(loss.value)} low={loss.low === null ? undefined : axis.at(loss.low)} high={loss.high === null ? undefined : axis.at(loss.high)} />}
            </>
          ),
          figures: [
            grouped(number(at(json, "tokens")) ?? 0),
            own === null ? "-" : formatValue(own, { percent: true }),
            loss ? formatEstimate(loss) : (absent(at(json, "loss_share")) ?? "-"),
            kld ? formatEstimate(kld) : (absent(at(json, "kld_mean")) ?? "-"),
          ],
        }))}
      />
    </Part>
  );
}
