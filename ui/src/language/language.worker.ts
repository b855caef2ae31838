/** The language worker: TypeScript away from the window's thread, loaded when the console is first opened. */
import { hover, offers, diagnostics, nameInfo } from "./features"
import { compile } from "./compile"
import type { Answer, Question } from "./protocol"

addEventListener("message", ({ data }: MessageEvent<Question>) => {
  let said: Answer
  try {
    said = { n: data.n, answer: answer(data) }
  } catch (thrown) {
    said = { n: data.n, failed: thrown instanceof Error ? thrown.message : String(thrown) }
  }
  postMessage(said)
})

function answer(question: Question): unknown {
  switch (question.what) {
    case "compile":
      return compile(question.args.code)
    case "offers":
      return offers(question.args.code, question.args.at)
    case "nameInfo":
      return nameInfo(question.args.code, question.args.at, question.args.name)
    case "hover":
      return hover(question.args.code, question.args.at)
    case "diagnostics":
      return diagnostics(question.args.code)
  }
}
