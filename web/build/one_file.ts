// Puts the script and the styles into the page, with a Content-Security-Policy that allows these
// two by their hashes, and requests to the server it came from alone: that is for `qualm serve`. A
// report from disk has no such server, and makes no request.
import { createHash } from "node:crypto";
import type { Plugin } from "vite";

const hash = (text: string): string =>
  `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;

export function policy(script: string, style: string): string {
  return [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

/// Text that would end the element, or that looks like a marker that the program replaces.
function check(script: string): void {
  for (const forbidden of ["</script", "<!--", "<title>qualm</title>", 'id="report">null'])
    if (script.includes(forbidden)) throw new Error(`the script contains ${forbidden}`);
}

export function intoOneFile(): Plugin {
  return {
    name: "into-one-file",
    enforce: "post",
    generateBundle(_options, bundle) {
      let script = "";
      let style = "";
      for (const [name, part] of Object.entries(bundle)) {
        if (part.type === "chunk") script += part.code;
        else if (name.endsWith(".css")) style += String(part.source);
        else continue;
        Reflect.deleteProperty(bundle, name);
      }
      script = script.trim();
      style = style.trim();
      check(script);
      const page = bundle["page.html"];
      if (!page || page.type !== "asset") throw new Error("page.html was not built");
      const meta = `<meta http-equiv="Content-Security-Policy" content="${policy(script, style)}" />`;
      // Functions as replacements: "$&" in the script is no pattern.
      page.source = String(page.source)
        .replace(/\s*<script type="module"[^>]*><\/script>/, "")
        .replace(/\s*<link rel="stylesheet"[^>]*>/, "")
        .replace('<meta charset="utf-8" />', (tag) => `${tag}\n    ${meta}`)
        .replace("</head>", () => `<style>${style}</style>\n  </head>`)
        .replace("</body>", () => `<script>${script}</script>\n  </body>`);
    },
  };
}
