// What a page in a browser does: jsdom keeps the same-origin policy, asks before it sends, and loads scripts for fetch-jsonp.
import {readFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {JSDOM, VirtualConsole} from 'jsdom'

const {window} = new JSDOM('<!doctype html><body>', {
  url: 'https://app.example/', runScripts: 'dangerously', resources: 'usable', virtualConsole: new VirtualConsole(),
})
window.eval(readFileSync(createRequire(import.meta.url).resolve('fetch-jsonp/build/fetch-jsonp.js'), 'utf8'))

function send (method, url, headers, body) {
  return new Promise((resolve) => {
    const request = new window.XMLHttpRequest()
    request.open(method, url)
    Object.entries(headers).forEach(([name, value]) => request.setRequestHeader(name, value))
    request.onload = () => resolve({status: request.status, body: request.responseText ? JSON.parse(request.responseText) : null})
    request.onerror = () => resolve({status: 0, body: null})
    request.send(body)
  })
}

async function jsonp (url) {
  try {
    return await (await window.fetchJsonp(url, {timeout: 10_000})).json()
  } catch (problem) {
    return {problem: problem.message}
  }
}

const {STUB_URL: base, STUB_KEY: key, STUB_MILES: miles, STUB_TOKEN: token, STUB_CLOSED: closed} = process.env
const headers = {Authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}`, 'Content-Type': 'application/json'}
const done = {}
done.list = await send('GET', `${base}/assignments?size=2`, headers)
done.created = await send('POST', `${base}/assignments`, headers, JSON.stringify({title: 'From a page', timestamp: 3}))
const url = `${base}/assignments/${done.created.body.id}`
done.updated = await send('PUT', url, headers, JSON.stringify({title: 'From another'}))
done.deleted = await send('DELETE', url, headers)
done.gone = await send('GET', url, headers)
done.stranger = await send('GET', `${base}/assignments`, {})
done.closed = await send('GET', closed, {})
done.called = await jsonp(`${miles}/projects.json?access_token=${token}`)
done.uncalled = await jsonp(`${miles}/projects.json`)
window.close()
console.log(JSON.stringify(done))
