// What a program does with openapi-client-axios: the stub's own document tells it where to go, and what it may call.
import {OpenAPIClientAxios} from 'openapi-client-axios'

const calls = JSON.parse(process.env.STUB_CALLS)
const done = {}
for (const [api, {definition, headers, call, parameters, body}] of Object.entries(calls)) {
  const client = await new OpenAPIClientAxios({definition, axiosConfigDefaults: {headers}}).init()
  const answer = await client[call](parameters, body)
  done[api] = {server: answer.config.baseURL, status: answer.status, body: answer.data}
}
console.log(JSON.stringify(done))
