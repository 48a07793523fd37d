// What a program does with coloquent: one step after the other, the outcome of each printed as JSON.
import axios from 'axios'
import coloquent from 'coloquent'
import http from 'coloquent/dist/httpclient/axios/AxiosHttpClient.js'

const {Model, PaginationStrategy, SortDirection} = coloquent
const sender = axios.create({
  headers: {
    'Content-Type': 'application/vnd.api+json', 'X-Auth-Token': process.env.STUB_TOKEN, 'X-Organization-Id': process.env.STUB_ORGANIZATION,
  },
})
let refusal = null
sender.interceptors.response.use(null, (problem) => {
  refusal = {status: problem.response.status, told: problem.response.data} // coloquent itself tells no more than a message
  throw problem
})
Model.httpClient = new http.AxiosHttpClient(sender)

class Base extends Model {
  static paginationStrategy = PaginationStrategy.PageBased
  static pageSize = 4
  static pageNumberParamName = 'page[number]'
  static pageSizeParamName = 'page[size]'

  getJsonApiBaseUrl () {
    return process.env.STUB_URL
  }
}

class Company extends Base {
  getJsonApiType () {
    return 'companies'
  }
}

class Person extends Base {
  getJsonApiType () {
    return 'people'
  }

  company () {
    return this.hasOne(Company)
  }
}

function plain (person) {
  return {id: person.getApiId(), ...person.getAttributes()}
}

async function failure (call) {
  try {
    await call
    return null
  } catch (problem) {
    return {...refusal, message: problem.message}
  }
}

class Everyone extends Person {
  static pageSize = 200
}

async function people (query, page) {
  return {data: (await query.get(page)).getData().map(plain)}
}

const contractors = Person.where('role', 'contractor').orderBy('last_name', SortDirection.DESC)
const done = {}
done.list = await people(contractors, 1)
done.second = await people(contractors, 2)
done.compared = await people(Everyone.option('filter[hourly_cost][gt_eq]', '5000'), 1)
done.sparse = await people(Person.option('fields[people]', 'last_name'), 1)
done.included = {data: {company: (await Person.with('company').find('1')).getData().getRelation('company').getAttributes()}}
const person = new Person()
person.setAttribute('first_name', 'Katherine')
person.setAttribute('last_name', 'Johnson')
person.setAttribute('role', 'employee')
person.setAttribute('email', 'katherine@example.com')
person.setRelation('company', (await Company.find('1')).getData())
const created = (await person.save()).getModel()
done.created = {data: plain(created)}
done.read = {data: plain((await Person.find(created.getApiId())).getData())}
created.setAttribute('title', 'Mathematician')
done.updated = {data: plain((await created.save()).getModel())}
await created.delete()
done.gone = await failure(Person.find(created.getApiId()))
done.invalid = await failure(new Person().save())
done.unsupported = await failure(Person.where('shoe_size', 43).get(1))
console.log(JSON.stringify(done))
