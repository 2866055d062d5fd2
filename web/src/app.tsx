// Which page a document gets.
import { at, isObject, known, text, type Json } from "./document/read";
import { Clinic } from "./commands/clinic";
import { Compare } from "./commands/compare";
import { Demo } from "./commands/demo";
import { Inspect } from "./commands/inspect";
import { Measure } from "./commands/measure";
import { Failure, Models, Reference, Repair, Unknown } from "./commands/small";
import { Plan } from "./commands/plan";
import { Diagnose } from "./diagnose/diagnose";
import { Contents } from "./contents";

export function Report({ document }: { document: Json }) {
  if (isObject(document) && known(at(document, "error"))) return <Failure document={document} />;
  switch (text(at(document, "command"))) {
    case "diagnose":
      return <Diagnose document={document} />;
    case "measure":
      return <Measure document={document} />;
    case "compare":
      return <Compare document={document} />;
    case "clinic":
      return <Clinic document={document} />;
    case "demo":
      return <Demo document={document} />;
    case "inspect":
      return isObject(at(document, "reference")) && !isObject(at(document, "model")) ? <Reference document={document} /> : <Inspect document={document} />;
    case "reference":
      return <Reference document={document} />;
    case "models":
      return <Models document={document} />;
    case "plan":
      return <Plan document={document} />;
    case "repair":
      return <Repair document={document} />;
    default:
      return <Unknown document={document} />;
  }
}

export function App({ document }: { document: Json }) {
  return (
    <>
      <Contents />
      <main>
        <Report document={document} />
      </main>
    </>
  );
}
