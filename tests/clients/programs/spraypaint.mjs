// What a program does with spraypaint: one step after the other, the outcome of each printed as JSON.
import spraypaint from 'spraypaint'

const {SpraypaintBase, attr, belongsTo} = spraypaint
const Base = SpraypaintBase.extend({static: {baseUrl: process.env.STUB_URL, apiNamespace: ''}})
Base.fetchOptions = function () {
  const options = SpraypaintBase.fetchOptions.call(this)
  Object.assign(options.headers, {'X-Auth-Token': process.env.STUB_TOKEN, 'X-Organization-Id': process.env.STUB_ORGANIZATION})
  return options
}
const Company = Base.extend({static: {jsonapiType: 'companies', endpoint: '/companies'}, attrs: {name: attr()}})
const names = {first_name: 'firstName', last_name: 'lastName', email: 'email', title: 'title', role: 'role', hourly_cost: 'hourlyCost', active: 'active'}
const Person = Base.extend({
  static: {jsonapiType: 'people', endpoint: '/people'},
  attrs: {...Object.fromEntries(Object.values(names).map((name) => [name, attr()])), company: belongsTo({type: Company})},
})

function plain (person) {
  const found = Object.entries(names).map(([name, spelled]) => [name, person[spelled]]).filter(([, value]) => value !== undefined)
  return {id: person.id, ...Object.fromEntries(found)}
}

async function failure (call) {
  try {
    await call
    return null
  } catch (problem) {
    const {response, message} = problem
    return {status: response.status, told: response.bodyUsed ? response.jsonPayload : await response.json(), message}
  }
}

const contractors = Person.where({role: 'contractor'}).order({last_name: 'desc'}).per(4)
const done = {}
done.list = {data: (await contractors.page(1).all()).data.map(plain)}
done.second = {data: (await contractors.page(2).all()).data.map(plain)}
done.compared = {data: (await Person.where({hourly_cost: {gt_eq: 5000}}).per(200).all()).data.map(plain)}
done.sparse = {data: (await Person.select({people: ['last_name']}).per(4).all()).data.map(plain)}
done.included = {data: {company: {name: (await Person.includes('company').find('1')).data.company.name}}}
const person = new Person({firstName: 'Katherine', lastName: 'Johnson', role: 'employee', email: 'katherine@example.com'})
person.company = (await Company.find('1')).data
await person.save({with: 'company.id'})
done.created = {data: plain(person)}
done.read = {data: plain((await Person.find(person.id)).data)}
person.title = 'Mathematician'
await person.save()
done.updated = {data: plain(person)}
await person.destroy()
done.gone = await failure(Person.find(person.id))
done.invalid = await failure(new Person({firstName: 7}).save())
done.unsupported = await failure(Person.where({shoe_size: 43}).all())
console.log(JSON.stringify(done))
