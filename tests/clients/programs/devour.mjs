// What a program does with devour-client: one step after the other, the outcome of each printed as JSON.
import devour from 'devour-client'

const JsonApi = devour.default ?? devour
const api = new JsonApi({apiUrl: process.env.STUB_URL, logger: false})
api.headers['X-Auth-Token'] = process.env.STUB_TOKEN
api.headers['X-Organization-Id'] = process.env.STUB_ORGANIZATION
api.define('company', {name: '', billing_name: ''})
api.define('person', {first_name: '', last_name: '', email: '', title: '', role: '', hourly_cost: 0, company: {jsonApi: 'hasOne', type: 'companies'}})

async function failure (call) {
  try {
    await call
    return null
  } catch (problem) {
    return {status: problem.response?.status ?? null, entries: Object.values(problem).filter((entry) => entry?.title), message: problem.message ?? null}
  }
}

const done = {}
done.list = await api.findAll('person', {filter: {role: 'contractor'}, sort: '-last_name', page: {number: 1, size: 4}})
done.second = await api.findAll('person', {filter: {role: 'contractor'}, sort: '-last_name', page: {number: 2, size: 4}})
done.compared = await api.findAll('person', {filter: {hourly_cost: {gt_eq: 5000}}, page: {size: 200}})
done.sparse = await api.findAll('person', {fields: {people: 'last_name'}, page: {size: 4}})
done.included = await api.find('person', 1, {include: 'company'})
done.created = await api.create('person', {
  first_name: 'Katherine', last_name: 'Johnson', role: 'employee', email: 'katherine@example.com', company: {id: '1', type: 'companies'},
})
const id = done.created.data.id
done.read = await api.find('person', id)
done.updated = await api.update('person', {id, title: 'Mathematician'})
const deleted = await api.destroy('person', id)
done.deleted = deleted === undefined || deleted === null ? null : {status: deleted.status ?? null, data: deleted.data ?? null}
done.gone = await failure(api.find('person', id))
done.invalid = await failure(api.create('person', {first_name: 7}))
done.unsupported = await failure(api.findAll('person', {filter: {shoe_size: 43}}))
console.log(JSON.stringify(done))
