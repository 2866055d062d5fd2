// Where in the file the error is.
import { useMemo, useState } from "preact/hooks";
import { absent, at, text, type Json } from "../document/read";
import { formatBytes } from "../format/units";
import { Name, Part, Section, Toggle } from "../ui/parts";
import { AsTable } from "../ui/table";
import { HeatMap } from "./heat_map";
import { Icicle } from "./icicle";
import { colourOf, kScales, steps, tensorsOf, type Colour } from "./tensors";

const kMostRows = 1000;

export function Weights({ weights }: { weights: Json }) {
  const tensors = useMemo(() => tensorsOf(weights), [weights]);
  const hasExcess = tensors.some((tensor) => tensor.excess !== null);
  const hasError = tensors.some((tensor) => tensor.error !== null);
  const [chosen, setChosen] = useState<Colour | null>(null);
  if (weights === null) return null;
  if (tensors.length === 0)
    return (
      <Section id="weights" title="Weights">
        <p class="dim">Not shown: {absent(weights) ?? "no tensors in this report"}.</p>
      </Section>
    );
  const colour = chosen ?? (hasExcess ? "excess" : "error");
  return (
    <Section id="weights" title="Weights" lead={text(at(weights, "says"))}>
      {hasExcess && hasError && (
        <Toggle<Colour>
          label="Colour of the weights"
          options={[["excess", "Error beyond its type"], ["error", "Relative error"]]}
          value={colour}
          onChange={setChosen}
        />
      )}
      <Part title="By size" lead="Width is bytes.">
        <Icicle tensors={tensors} colour={colour} />
      </Part>
      <Part title="Layer by class">
        <HeatMap tensors={tensors} colour={colour} />
      </Part>
      <figure class="scale">
        <figcaption>{kScales[colour].title}</figcaption>
        <ul>
          {steps(colour).map((step, i) => (
            <li key={step}><span class={`swatch ${colour === "excess" ? "x" : "e"}${i}`} />{step}</li>
          ))}
          <li><span class="swatch none" />not known</li>
        </ul>
      </figure>
      <AsTable
        caption={tensors.length > kMostRows ? `The first ${kMostRows} of ${tensors.length} tensors` : "Tensors"}
        columns={[{ title: "Tensor" }, { title: "Type" }, { title: "Size", numeric: true }, { title: "Error", numeric: true }, { title: "Excess", numeric: true }]}
        rows={tensors.slice(0, kMostRows).map((tensor) => [
          <Name key="name" of={tensor.name} most={60} />,
          tensor.type,
          formatBytes(tensor.bytes),
          colourOf(tensor, "error"),
          colourOf(tensor, "excess"),
        ])}
      />
    </Section>
  );
}
