-- One visit: scores, limits, budgets, run. Its twin in Python is memory.py; the semantics are in protocol.py.
--
-- KEYS  1 the client's record (hash)          t last touch, n run, p proof, s<i> scores,
--                                              hw hour and hc its count, dw day and dc its count
--       2 the address's record (hash)         t last admitted visit, v admitted visits, l:<kind> tats,
--                                              hw hour and hc the sum of its clients' counts, dw day and dc likewise
--       3 the stem of the hour's distinct count, 4 the day's (HyperLogLogs <stem>:<number of the hour or day>)
--       5 the network's record (hash)         t last admitted visit, l:<kind> tats
-- ARGV  1 doubles, little-endian, in the order of the `local`s below, then one weight for each group
--       2 kind of visit, 3 the picture or ''
-- Returns doubles, little-endian: visits, run, proof, hour, day, wait, whose limit (0, 1 client, 2 network), crowded,
--        scores.
--
-- All times are microseconds. A field that is no number counts as absent, so a damaged record heals.

local ask = {struct.unpack('<' .. string.rep('d', #ARGV[1] / 8), ARGV[1])}
ask[#ask] = nil -- struct.unpack also returns where it stopped
local now, ttl, decay, newcomer, share, below = ask[1], ask[2], ask[3], ask[4], ask[5], ask[6]
local proof, navigated, page = ask[7], ask[8], ask[9]
local interval, burst, network_interval, network_burst = ask[10], ask[11], ask[12], ask[13]
local FIXED = 13
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

-- The fields of a record, 't' first among them; of one whose time is over, none.
local function recall(key, names)
  local stored = redis.call('HMGET', key, unpack(names))
  for i = 1, #names do stored[i] = tonumber(stored[i]) end
  if stored[1] and now - stored[1] >= ttl then
    redis.call('DEL', key)
    return {}
  end
  return stored
end

local function put(write, name, value)
  write[#write + 1] = name
  write[#write + 1] = value
end

-- The client's record.
local names = {'t', 'n', 'p', 'hw', 'hc', 'dw', 'dc'}
local SCORES = #names
for i = FIXED + 1, #ask do names[#names + 1] = 's' .. i - FIXED end
local stored = recall(KEYS[1], names)
local last = stored[1]
local run = page == 1 and 0 or (stored[2] or 0) + navigated
proof = math.max(proof, stored[3] or 0)
local write = {'t', now}
if run ~= (stored[2] or 0) then put(write, 'n', run) end
if proof ~= (stored[3] or 0) then put(write, 'p', proof) end

-- Scores. Nothing stored and nothing new is the case of nearly everybody, and writes nothing.
local fade = math.exp(math.min(((last or now) - now) / decay, 0))
local scores, sum = {}, 0
for i = 1, #ask - FIXED do
  local before = stored[SCORES + i] or 0
  local score = math.max(before * fade, ask[FIXED + i])
  scores[i], sum = score, sum + score
  if score ~= before then put(write, names[SCORES + i], score) end
end

-- Limits: both admit, or the address is a newcomer's and admits, or neither is charged.
local tat_field = 'l:' .. ARGV[2]
local home = recall(KEYS[2], {'t', 'v', 'hw', 'hc', 'dw', 'dc', tat_field})
local visits, home_write = home[2] or 0, {'t', now}
local wait, tat, network_wait, network_tat, network_last = 0, nil, 0, nil, nil
if burst > 0 then wait, tat = gcra(home[7], interval, burst) end
if network_burst > 0 then
  local network = recall(KEYS[5], {'t', tat_field})
  network_last = network[1]
  network_wait, network_tat = gcra(network[2], network_interval, network_burst)
end
local limited, crowded = 0, 0
if wait == 0 and network_wait > 0 and visits <= newcomer then
  crowded = 1
elseif wait > 0 or network_wait > 0 then
  limited = wait >= network_wait and 1 or 2
  wait = math.max(wait, network_wait)
elseif network_tat then
  redis.call('HSET', KEYS[5], 't', now, tat_field, network_tat)
  keep(KEYS[5], network_last)
end
if limited == 0 then
  visits = visits + 1
  put(home_write, 'v', visits)
  if tat then put(home_write, tat_field, tat) end
end

-- Budgets. The counts stand in the records, so that most visits need not ask a HyperLogLog. One more is counted
-- when the picture changed it; every 16th time, and when the record was lost, its own estimate is taken. What the
-- client's count gains, the address's sum does; one whose record was lost had counted there before.
local hour_now, day_now = math.floor(now / HOUR), math.floor(now / DAY)
local hour = stored[4] == hour_now and stored[5] or 0
local day = stored[6] == day_now and stored[7] or 0
local hour_sum = home[3] == hour_now and home[4] or 0
local day_sum = home[5] == day_now and home[6] or 0
local function add(stem, window, length, before, sum)
  local key, count = stem .. ':' .. window, before
  local changed = redis.call('PFADD', key, ARGV[3]) == 1
  if changed and before == 0 then redis.call('EXPIRE', key, length / 1e6) end
  if before == 0 or changed and before % 16 == 15 then
    count = redis.call('PFCOUNT', key)
  elseif changed then
    count = before + 1
  end
  return count, math.max(sum + (before == 0 and 1 or count - before), 0)
end
local function put_counts(to, of_hour, of_day)
  for _, value in ipairs({'hw', hour_now, 'hc', of_hour, 'dw', day_now, 'dc', of_day}) do to[#to + 1] = value end
end
if limited == 0 and crowded == 0 and ARGV[3] ~= '' and sum < below then
  local hour_before, day_before = hour, day
  hour, hour_sum = add(KEYS[3], hour_now, HOUR, hour, hour_sum)
  day, day_sum = add(KEYS[4], day_now, DAY, day, day_sum)
  if hour ~= hour_before or day ~= day_before then
    put_counts(write, hour, day)
    put_counts(home_write, hour_sum, day_sum)
  end
end
hour = math.max(hour, math.floor(hour_sum / share))
day = math.max(day, math.floor(day_sum / share))

redis.call('HSET', KEYS[1], unpack(write))
keep(KEYS[1], last)
if limited == 0 then
  redis.call('HSET', KEYS[2], unpack(home_write))
  keep(KEYS[2], home[1])
end

return struct.pack('<' .. string.rep('d', 8 + #scores), visits, run, proof, hour, day, wait, limited, crowded,
  unpack(scores))
