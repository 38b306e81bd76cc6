// What the interview's screens rely on: an answer settles what depends on it, members come and go, words are filled in.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { numberWords, Record } from '../../static/app/record.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const python = process.env.PYTHON ?? 'python3'
const bundleOf = (file) =>
  JSON.parse(execFileSync(python, ['-m', 'flask', '--app', 'app', 'form', 'bundle', file], { cwd: root, maxBuffer: 1e9 }))
const bundle = bundleOf('tests/cases/interview_form.md')
const clock = { today: '2026-11-23', now: '2026-11-23T08:00:00.000+07:00' }
let ids = 0
const open = (answers) => new Record(bundle, { answers, clock, newId: () => `id-${(ids += 1)}` })

test('the fixture is the one the tests speak of', () => {
  assert.match(readFileSync(`${root}/tests/cases/interview_form.md`, 'utf8'), /begin_repeat/)
})

test('an answer opens and closes what depends on it at once', () => {
  const record = open()
  assert.equal(record.isRelevant('nha/so_tang'), false)
  record.set('nha/co_nha', 'co')
  assert.equal(record.isRelevant('nha/so_tang'), true)
  record.set('nha/so_tang', 2)
  assert.equal(record.get('tong'), 2)
  record.set('nha/co_nha', 'khong')
  assert.equal(record.get('tong'), 0)
  assert.deepEqual(record.submission(), { nha: { co_nha: 'khong' } })
  assert.equal(record.answers().nha.so_tang, 2, 'what is hidden is kept in the draft')
})

test('members are added, counted, named and removed', () => {
  const record = open()
  assert.equal(record.addInstance('tv'), 'tv[1]')
  assert.equal(record.addInstance('tv', { ten: 'Lò Thị B', tuoi: 30 }), 'tv[2]')
  assert.match(record.get('tv[1]/ma'), /^id-/)
  assert.equal(record.get('so_tre'), 0)
  record.set('tv[1]/ten', 'Lò Văn A')
  record.set('tv[1]/tuoi', 5)
  assert.equal(record.get('so_tre'), 1)
  assert.deepEqual(record.instances('tv').map((path) => record.instanceLabel(path)), ['Lò Văn A', 'Lò Thị B'])
  record.removeInstance('tv[1]')
  assert.equal(record.get('so_tre'), 0)
  assert.equal(record.instanceLabel('tv[1]'), 'Lò Thị B')
  assert.equal(record.get('tv[1]/thu_tu'), 1)
})

test('who joins is counted by those who were there', () => {
  const record = open({ tv: [{ ten: 'An', tuoi: 5 }, { ten: 'Ba', tuoi: 30 }] })
  assert.deepEqual([record.get('tv[1]/lon_hon'), record.get('tv[2]/lon_hon')], [1, 0])
  record.addInstance('tv', { ten: 'Bà', tuoi: 70 })
  assert.deepEqual([record.get('tv[1]/lon_hon'), record.get('tv[2]/lon_hon'), record.get('tv[3]/lon_hon')], [2, 1, 0])
  record.removeInstance('tv[2]')
  assert.deepEqual([record.get('tv[1]/lon_hon'), record.get('tv[2]/lon_hon')], [1, 0])
})

test('labels, hints and messages quote the answers', () => {
  const record = open({ tv: [{ ten: 'An', tuoi: 200 }] })
  assert.equal(record.label('tv[1]/tuoi', 'vi'), 'An bao nhiêu tuổi?')
  assert.equal(record.label('tv[1]/tuoi', 'en'), 'How old is An?')
  assert.equal(record.label('tv', 'vi'), 'Thành viên')
  assert.deepEqual(record.problemsAt('tv[1]/tuoi'), [
    { path: 'tv[1]/tuoi', kind: 'constraint', severity: 'error', message: { vi: 'Tuổi của An không đúng', en: '' } },
  ].map((problem) => ({ ...problem, message: { vi: 'Tuổi của An không đúng' } })))
})

test('choices follow their filter, and an answer that is no longer offered is named', () => {
  const record = open({ tinh: '14', xa: '03757' })
  assert.deepEqual(record.choices('xa').map((choice) => choice.name), ['03757'])
  assert.deepEqual(record.problemsAt('xa'), [])
  record.set('tinh', '11')
  assert.deepEqual(record.problemsAt('xa').map((problem) => problem.kind), ['choice'])
})

test('sections, their questions and how far they have come', () => {
  const record = open({ nha: { co_nha: 'co' } })
  assert.deepEqual(record.sections.map((section) => section.path), ['nha', 'tv'])
  assert.deepEqual(record.items('nha').map(({ path, relevant }) => [path, relevant]), [
    ['nha/co_nha', true],
    ['nha/so_tang', true],
  ])
  assert.deepEqual(record.progress('nha'), { asked: 2, answered: 1, errors: 1, warnings: 0 })
  assert.deepEqual(record.progress('tv'), { asked: 0, answered: 0, errors: 0, warnings: 0 })
  assert.deepEqual(record.problems().map(({ path, kind }) => [path, kind]), [['nha/so_tang', 'required']])
})

test('a wrong type is refused and the answer before it stays', () => {
  const record = open({ nha: { co_nha: 'co', so_tang: 3 } })
  assert.throws(() => record.set('nha/so_tang', 'ba'), TypeError)
  assert.equal(record.get('nha/so_tang'), 3)
  record.set('nha/so_tang', null)
  assert.equal(record.get('nha/so_tang'), '')
})

test('defaults fill blanks of a new record only', () => {
  const record = open({ ngay: '2026-10-01' })
  assert.deepEqual(record.applyDefaults(), ['hom_nay'])
  assert.equal(record.get('hom_nay'), '2026-11-23')
  assert.equal(record.get('ngay'), '2026-10-01')
})

test('answers are read in words', () => {
  const record = open({ ngay: '2026-10-01', tinh: '14', nha: { co_nha: 'co' } })
  assert.equal(record.displayValue('ngay', 'vi'), '01/10/2026')
  assert.equal(record.displayValue('tinh', 'vi'), 'Sơn La')
  assert.equal(record.displayValue('nha/co_nha', 'en'), 'Yes')
  assert.equal(numberWords(1500000.5, 'vi'), '1.500.000,5')
  assert.equal(numberWords(-12345, 'en'), '-12,345')
  assert.equal(numberWords(1954, 'vi'), '1954', 'a year')
  assert.equal(numberWords(0.00001, 'vi'), '0,00001')
})

test('an answer runs only the rules that depend on it', () => {
  const record = open({ tv: Array.from({ length: 40 }, () => ({ ten: 'A', tuoi: 3 })) })
  const ran = []
  const settle = record.settle.bind(record)
  record.settle = (node, rules) => {
    ran.push(Record.pathOf(node))
    return settle(node, rules)
  }
  record.set('nha/co_nha', 'co')
  assert.deepEqual(ran, ['nha/so_tang', 'tong'])
  ran.length = 0
  record.set('tv[7]/tuoi', 4)
  assert.deepEqual(new Set(ran.filter((path) => !/lon_hon|nguoi_khac/.test(path))), new Set(['tv[7]/tre_em']), 'of one member only')
  record.set('tv[7]/tuoi', 44)
  assert.deepEqual(ran.slice(1).filter((path) => !/lon_hon|nguoi_khac/.test(path)), ['tv[7]/tre_em', 'so_tre'])
  assert.equal(record.get('so_tre'), 39)
})
