-- One visit: scores, limits, budgets, run. Its twin in Python is memory.py; the semantics are in protocol.py.
--
-- KEYS  1 the client's record (hash)          t last touch, v visits, n run, p proof, s<i> scores, l:<kind> tats,
--                                              hw hour and hc its count, dw day and dc its count
--       2 the network's record (hash)         t last admitted visit, l:<kind> tats
--       3 the stem of the hour's distinct count, 4 the day's (HyperLogLogs <stem>:<number of the hour or day>)
-- ARGV  1 doubles, little-endian, in the order of the `local`s below, then one weight for each group
--       2 kind of visit, 3 the picture or ''
-- Returns doubles, little-endian: visits, run, proof, hour, day, wait, whose limit (0, 1 client, 2 network), scores.
--
-- All times are microseconds. A field that is no number counts as absent, so a damaged record heals.

local ask = {struct.unpack('<' .. string.rep('d', #ARGV[1] / 8), ARGV[1])}
ask[#ask] = nil -- struct.unpack also returns where it stopped
local now, ttl, decay, below = ask[1], ask[2], ask[3], ask[4]
local proof, navigated, page = ask[5], ask[6], ask[7]
local interval, burst, network_interval, network_burst = ask[8], ask[9], ask[10], ask[11]
local FIXED = 11
local MINUTE, HOUR, DAY = 6e7, 3.6e9, 8.64e10

if now < 0 then
  local clock = redis.call('TIME')
  now = clock[1] * 1e6 + clock[2]
end

-- See gcra.py. Returns the wait and, when that is 0, the new tat.
local function gcra(tat, every, most)
  every = math.min(every, ttl)
  local due = math.min(math.max(tat or now, now), now + most * every)
  local wait = due - (most - 1) * every - now
  if wait > 0 then return wait end
  return 0, due + every
end

-- Keys outlive their record by a minute, so that EXPIRE is due once a minute and not on every visit; that the
-- record itself is over at its time is seen to where it is read.
local function keep(key, last)
  if not last or math.floor(last / MINUTE) ~= math.floor(now / MINUTE) then
    redis.call('EXPIRE', key, ttl / 1e6 + 60)
  end
end

-- The record.
local tat_field = 'l:' .. ARGV[2]
local names = {'t', 'v', 'n', 'p', tat_field, 'hw', 'hc', 'dw', 'dc'}
local SCORES = #names
for i = FIXED + 1, #ask do names[#names + 1] = 's' .. i - FIXED end
local stored = redis.call('HMGET', KEYS[1], unpack(names))
for i = 1, #names do stored[i] = tonumber(stored[i]) end
local last = stored[1]
if last and now - last >= ttl then
  redis.call('DEL', KEYS[1])
  stored, last = {}, nil
end
local visits, run = (stored[2] or 0) + 1, page == 1 and 0 or (stored[3] or 0) + navigated
proof = math.max(proof, stored[4] or 0)
local write = {'t', now, 'v', visits}
if run ~= (stored[3] or 0) then write[5], write[6] = 'n', run end
if proof ~= (stored[4] or 0) then write[#write + 1] = 'p'; write[#write + 1] = proof end

-- Scores. Nothing stored and nothing new is the case of nearly everybody, and writes nothing.
local fade = math.exp(math.min(((last or now) - now) / decay, 0))
local scores, sum = {}, 0
for i = 1, #ask - FIXED do
  local before = stored[SCORES + i] or 0
  local score = math.max(before * fade, ask[FIXED + i])
  scores[i], sum = score, sum + score
  if score ~= before then write[#write + 1] = names[SCORES + i]; write[#write + 1] = score end
end

-- Limits: both admit, or neither is charged.
local wait, tat, network_wait, network_tat, network_last = 0, nil, 0, nil, nil
if burst > 0 then wait, tat = gcra(stored[5], interval, burst) end
if network_burst > 0 then
  local network = redis.call('HMGET', KEYS[2], 't', tat_field)
  network_last = tonumber(network[1])
  local before = tonumber(network[2])
  if network_last and now - network_last >= ttl then
    redis.call('DEL', KEYS[2])
    network_last, before = nil, nil
  end
  network_wait, network_tat = gcra(before, network_interval, network_burst)
end
local limited = 0
if wait > 0 or network_wait > 0 then
  limited = wait >= network_wait and 1 or 2
  wait = math.max(wait, network_wait)
else
  if tat then write[#write + 1] = tat_field; write[#write + 1] = tat end
  if network_tat then
    redis.call('HSET', KEYS[2], 't', now, tat_field, network_tat)
    keep(KEYS[2], network_last)
  end
end

-- Budgets. The counts stand in the record, so that most visits need not ask a HyperLogLog. One more is counted
-- when the picture changed it; every 16th time, and when the record was lost, its own estimate is taken.
local hour_now, day_now = math.floor(now / HOUR), math.floor(now / DAY)
local hour = stored[6] == hour_now and stored[7] or 0
local day = stored[8] == day_now and stored[9] or 0
local function add(stem, window, length, count)
  local key = stem .. ':' .. window
  local changed = redis.call('PFADD', key, ARGV[3]) == 1
  if changed and count == 0 then redis.call('EXPIRE', key, length / 1e6) end
  if count == 0 or changed and count % 16 == 15 then return redis.call('PFCOUNT', key) end
  return changed and count + 1 or count
end
if limited == 0 and ARGV[3] ~= '' and sum < below then
  local hour_before, day_before = hour, day
  hour = add(KEYS[3], hour_now, HOUR, hour)
  day = add(KEYS[4], day_now, DAY, day)
  if hour ~= hour_before or day ~= day_before then
    for _, value in ipairs({'hw', hour_now, 'hc', hour, 'dw', day_now, 'dc', day}) do write[#write + 1] = value end
  end
end

redis.call('HSET', KEYS[1], unpack(write))
keep(KEYS[1], last)

return struct.pack('<' .. string.rep('d', 7 + #scores), visits, run, proof, hour, day, wait, limited, unpack(scores))
