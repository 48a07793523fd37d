// What a program does with kitsu: one step after the other, the outcome of each printed as JSON.
import Kitsu from 'kitsu'

const api = new Kitsu({
  baseURL: process.env.STUB_URL,
  headers: {'X-Auth-Token': process.env.STUB_TOKEN, 'X-Organization-Id': process.env.STUB_ORGANIZATION},
  resourceCase: 'none',
  camelCaseTypes: false,
  pluralize: false,
})

async function failure (call) {
  try {
    await call
    return null
  } catch (problem) {
    return {status: problem.response?.status, errors: problem.errors ?? null, message: problem.message}
  }
}

const done = {}
done.list = await api.get('people', {params: {filter: {role: 'contractor'}, sort: '-last_name', page: {number: 1, size: 4}}})
done.second = await api.get('people', {params: {filter: {role: 'contractor'}, sort: '-last_name', page: {number: 2, size: 4}}})
done.compared = await api.get('people', {params: {filter: {hourly_cost: {gt_eq: 5000}}, page: {size: 200}}})
done.sparse = await api.get('people', {params: {fields: {people: 'last_name'}, page: {size: 4}}})
done.included = await api.get('people/1', {params: {include: 'company'}})
done.created = await api.create('people', {
  first_name: 'Katherine', last_name: 'Johnson', role: 'employee', email: 'katherine@example.com', company: {data: {id: '1', type: 'companies'}},
})
const id = done.created.data.id
done.read = await api.get(`people/${id}`)
done.updated = await api.update('people', {id, title: 'Mathematician'})
done.deleted = await api.delete('people', id)
done.gone = await failure(api.get(`people/${id}`))
done.invalid = await failure(api.create('people', {first_name: 7}))
done.unsupported = await failure(api.get('people', {params: {filter: {shoe_size: 43}}}))
console.log(JSON.stringify(done))
