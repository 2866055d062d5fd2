// The page of a diagnosis, in the order in which a reader asks.
import { at, known, raw, type Json } from "../document/read";
import { Ladder } from "../chart/ladder";
import { floorOf } from "../format/words";
import { TokenSection } from "../tokens/section";
import { Section } from "../ui/parts";
import { Weights } from "../weights/weights";
import { Causes } from "./causes";
import { Checks, Symptoms } from "./checks";
import { HowMeasured } from "./how";
import { Texts } from "./texts";
import { Verdict } from "./verdict";
import { Where } from "./where";

export function Diagnose({ document }: { document: Json }) {
  const ladder = at(document, "ladder");
  const estimated = at(document, "estimated") === true;
  return (
    <>
      <Verdict document={document} />
      <Checks document={document} />
      <Symptoms document={document} />
      <Causes document={document} />
      {known(ladder) && (
        <Section
          id="ladder"
          title={estimated ? "What other quant types of this model lose, estimated" : "Quant types that were measured"}
        >
          <Ladder ladder={ladder} floor={floorOf(at(document, "resolution"))} estimated={estimated} />
        </Section>
      )}
      <Where depth={at(document, "depth")} domains={at(document, "domains")} confidence={at(document, "confidence")} />
      <Weights weights={at(document, "weights")} />
      <TokenSection tokens={at(document, "tokens")} from={raw(at(document, "text"))} />
      <Texts texts={at(document, "texts")} />
      <HowMeasured document={document} />
    </>
  );
}
