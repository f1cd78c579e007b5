// Asks whether requests are allowed: an array of iam-simulate's simulations on stdin, an array of answers on stdout.
import { runSimulation } from '@cloud-copilot/iam-simulate'

let text = ''
for await (const chunk of process.stdin) text += chunk
const answers = []
for (const simulation of JSON.parse(text)) {
  const answer = await runSimulation(simulation, {})
  answers.push(
    answer.resultType === 'error'
      ? { error: answer.errors }
      : { result: answer.overallResult, ignored: answer.result?.ignoredContextKeys ?? [] },
  )
}
process.stdout.write(JSON.stringify(answers))
