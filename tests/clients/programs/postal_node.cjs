// What a program does with @atech/postal, which speaks HTTPS alone: the outcome of each step, printed as JSON.
const https = require('https')
const Postal = require('@atech/postal')

const {hostname, port} = new URL(process.env.STUB_URL)
https.globalAgent.defaultPort = Number(port)

function message (key, from) {
  const found = new Postal.SendMessage(new Postal.Client(hostname, key))
  found.from(from)
  found.subject('Hello')
  found.plainBody('Hello Ada')
  found.header('X-Tried', 'yes')
  found.attach('note.txt', 'text/plain', 'A note')
  return found
}

async function outcome (sent) {
  try {
    return Object.fromEntries(Object.entries((await sent.send()).recipients()).map(([address, one]) => [address, {id: one.id(), token: one.token()}]))
  } catch (problem) {
    return problem.code ?? problem.message
  }
}

async function main () {
  const whole = message(process.env.STUB_KEY, 'me@example.com')
  whole.to('Ada <ada@example.com>')
  whole.cc('alan@example.com')
  whole.bcc('bea@example.com')
  const raw = new Postal.SendRawMessage(whole.client)
  raw.mailFrom('me@example.com')
  raw.rcptTo('ada@example.com')
  raw.data('Subject: Hello\r\n\r\nHello')
  const stranger = message('nobody', 'me@example.com')
  stranger.to('ada@example.com')
  const nobody = message(process.env.STUB_KEY, 'me@example.com')
  console.log(JSON.stringify({sent: await outcome(whole), raw: await outcome(raw), nobody: await outcome(nobody), stranger: await outcome(stranger)}))
}

main()
