// text/event-stream, in pieces as they come through the network.
export interface Frame {
  id: string;
  event: string;
  data: string;
}

export class FrameParser {
  private line: string[] = []; // pieces of the line that has not ended
  private frame: Frame = { id: "", event: "", data: "" };

  feed(piece: string): Frame[] {
    const frames: Frame[] = [];
    let begin = 0;
    for (let end = piece.indexOf("\n"); end >= 0; end = piece.indexOf("\n", begin)) {
      this.line.push(piece.slice(begin, end));
      begin = end + 1;
      const line = this.line.join("").replace(/\r$/, "");
      this.line = [];
      if (line === "") this.finish(frames);
      else this.take(line);
    }
    if (begin < piece.length) this.line.push(piece.slice(begin));
    return frames;
  }

  private take(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "id" || name === "event") this.frame[name] = value;
    else if (name === "data") this.frame.data += this.frame.data ? `\n${value}` : value;
  }

  private finish(frames: Frame[]): void {
    if (this.frame.event) frames.push(this.frame);
    this.frame = { id: "", event: "", data: "" };
  }
}
