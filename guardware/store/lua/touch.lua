-- One visit: scores, limits, pictures, behaviour. Its twin in Python is memory.py; the semantics are in protocol.py.
--
-- Records are strings of packed numbers: read and written whole, they cost a third of a hash with as many fields. One
-- of another length, or with a number that is none, counts as absent, so a damaged record heals. So does a
-- key at which something of another type stands: what pcall returns then is no string.
--
-- KEYS  1 the client's record      CLIENT: last touch; the hour and its count of pictures, the day and its count; pages,
--                                  errors, rate; last number; run, walk, cookies, habits; then a score for each group
--       2 the address's record     HOME: last admitted visit, admitted visits; the hour and the sum of its clients'
--                                  counts, the day and its sum; last number, pages, walk; the tat of each kind of visit
--       3 the stem of the hour's distinct count, 4 the day's (HyperLogLogs <stem>:<number of the hour or day>)
--       5 the network's record     NETWORK: last admitted visit; the tat of each kind
-- ARGV  1 doubles, little-endian, in the order of the `local`s below
--       2 the picture or ''
-- Returns doubles, little-endian: habits, visits, hour, day, wait, whose limit (0, 1 client, 2 network), crowded, asked
--        in the hour, in the day, pages, run, walk, cookies, errors, rate; of the address: asked in the hour, pages, walk;
--        scores.
--
-- All times are microseconds, but for the rate's span.

local ask = {struct.unpack('<' .. string.rep('d', #ARGV[1] / 8), ARGV[1])}
ask[#ask] = nil -- struct.unpack also returns where it stopped
local now, ttl, decay, leak, span, newcomer, share, below = unpack(ask, 1, 8)
local kind, interval, burst, network_interval, network_burst = unpack(ask, 9, 13)
local number, navigated, page, leading, habits, new_cookies, new_errors, near, groups = unpack(ask, 14, 22)
local FIXED = 22
local HOUR, DAY, MOST, MOST_COOKIES = 3.6e9, 8.64e10, 65535, 255
local CLIENT = '<dddddfffdHHBB' .. string.rep('d', groups)
local HOME, NETWORK = '<dddddddfHdddd', '<ddddd'
local SCORES, HOME_TATS, NETWORK_TATS = 13, 9, 1
local picture = ARGV[2]

if now < 0 then
  local clock = redis.call('TIME')
  now = clock[1] * 1e6 + clock[2]
end

-- See gcra.py. Returns the wait and, when that is 0, the new tat.
local function gcra(tat, every, most)
  every = math.min(every, ttl)
  local due = tat > now + most * every and now + (most - 1) * every or math.max(tat, now)
  local wait = due - (most - 1) * every - now
  if wait > 0 then return wait end
  return 0, due + every
end

-- The numbers of a record and whether there was one; of one whose time is over, or that makes no sense, zeros.
local function recall(key, form)
  local stored, size = redis.pcall('GET', key), struct.size(form)
  if type(stored) == 'string' and #stored == size then
    local numbers = {struct.unpack(form, stored)}
    numbers[#numbers] = nil
    local sum = 0
    for i = 1, #numbers do sum = sum + numbers[i] end
    if sum - sum == 0 and now - numbers[1] < ttl then return numbers, true end
  end
  local numbers = {struct.unpack(form, string.rep('\0', size))}
  numbers[#numbers] = nil
  return numbers, false
end

-- A minute longer than the record lasts: that it is over at its time is seen to where it is read.
local function keep(key, form, numbers)
  redis.call('SET', key, struct.pack(form, unpack(numbers)), 'EX', ttl / 1e6 + 60)
end

-- The client's record: behaviour and scores.
local mine, known = recall(KEYS[1], CLIENT)
local elapsed = known and math.max(now - mine[1], 0) or 0
mine[1] = now
local fade = math.exp(-elapsed / decay)
local sum = 0
for i = 1, groups do
  local score = math.max(mine[SCORES + i] * fade, ask[FIXED + i])
  mine[SCORES + i], sum = score, sum + score
end
mine[6] = mine[6] * fade + leading
mine[7] = math.max(mine[7] - elapsed / leak, 0) + new_errors
mine[8] = mine[8] * math.exp(-elapsed / (span * 1e6)) + 1 / span
local function step(of, at, walk)
  if number >= 0 and number ~= of[at] then
    of[walk] = math.abs(number - of[at]) <= near and math.min(of[walk] + 1, MOST) or 0
    of[at] = number
  end
end
step(mine, 9, 11)
mine[10] = page == 1 and 0 or math.min(mine[10] + navigated, MOST)
mine[12] = math.min(mine[12] + new_cookies, MOST_COOKIES)
mine[13] = bit.bor(mine[13], habits)

-- Limits: both admit, or the address is a newcomer's and admits, or neither is charged.
local home = recall(KEYS[2], HOME)
local wait, tat, network_wait, network_tat, network = 0, nil, 0, nil, nil
local home_tat, net_tat = HOME_TATS + kind + 1, NETWORK_TATS + kind + 1
if burst > 0 then wait, tat = gcra(home[home_tat], interval, burst) end
if network_burst > 0 then
  network = recall(KEYS[5], NETWORK)
  network_wait, network_tat = gcra(network[net_tat], network_interval, network_burst)
end
local limited, crowded = 0, 0
if wait == 0 and network_wait > 0 and home[2] <= newcomer then
  crowded = 1
elseif wait > 0 or network_wait > 0 then
  limited = wait >= network_wait and 1 or 2
  wait = math.max(wait, network_wait)
elseif network_tat then
  network[1], network[net_tat] = now, network_tat
  keep(KEYS[5], NETWORK, network)
end

-- Pictures. The counts stand in the records, so that most visits need not ask a HyperLogLog. One more is counted
-- when the picture changed it; every 16th time, and when the record was lost, its own estimate is taken. What the
-- client's count gains, the address's sum does; one whose record was lost had counted there before.
local hour_now, day_now = math.floor(now / HOUR), math.floor(now / DAY)
local hour = mine[2] == hour_now and mine[3] or 0
local day = mine[4] == day_now and mine[5] or 0
local hour_sum = home[3] == hour_now and home[4] or 0
local day_sum = home[5] == day_now and home[6] or 0
-- PFADD; what stands at the key and is no HyperLogLog goes first. Whether that changed it, and whether it was new.
local function note(key)
  local reply = redis.pcall('PFADD', key, picture)
  if type(reply) ~= 'table' then return reply == 1, false end
  if string.find(reply.err, 'WRONGTYPE') or string.find(reply.err, 'INVALIDOBJ') then redis.call('DEL', key) end
  return redis.call('PFADD', key, picture) == 1, true
end
local function add(stem, window, length, before, sum, given)
  local key, count = stem .. ':' .. string.format('%d', window), before
  local changed, new = note(key)
  if new then before = 0 end
  if changed and before == 0 then redis.call('EXPIRE', key, length / 1e6) end
  if before == 0 or changed and before % 16 == 15 then
    count = redis.call('PFCOUNT', key)
  elseif changed then
    count = before + 1
  end
  if not given then return count, sum end
  return count, math.max(sum + (before == 0 and 1 or count - before), 0)
end
if limited == 0 and crowded == 0 and picture ~= '' then
  local hour_before, day_before = hour, day
  local given = sum < below
  hour, hour_sum = add(KEYS[3], hour_now, HOUR, hour, hour_sum, given)
  day, day_sum = add(KEYS[4], day_now, DAY, day, day_sum, given)
  if hour ~= hour_before or day ~= day_before then
    mine[2], mine[3], mine[4], mine[5] = hour_now, hour, day_now, day
    home[3], home[4], home[5], home[6] = hour_now, hour_sum, day_now, day_sum
  end
end

keep(KEYS[1], CLIENT, mine)
local visits = home[2]
if limited == 0 then
  visits = visits + 1
  home[8] = home[8] * math.exp(-math.max(now - home[1], 0) / decay) + leading
  step(home, 7, 9)
  home[1], home[2] = now, visits
  if tat then home[home_tat] = tat end
  keep(KEYS[2], HOME, home)
end

return struct.pack('<' .. string.rep('d', 18 + groups), mine[13], visits, math.max(hour, math.floor(hour_sum / share)),
  math.max(day, math.floor(day_sum / share)), wait, limited, crowded, hour, day, mine[6], mine[10], mine[11], mine[12],
  mine[7], mine[8], hour_sum, home[8], home[9], unpack(mine, SCORES + 1, SCORES + groups))
