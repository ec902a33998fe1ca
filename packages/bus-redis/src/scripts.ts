/** Each runs as one step on the server, by the server's clock. Numbers go as text: a Lua number is cut to a whole one on its way out. */

const NOW = `local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000)`;

/** How long a key's fence is remembered after the last use, ms. One that was forgotten begins with the time, which is greater. */
const REMEMBER_MS = 86_400_000;

export type ScriptName = "leaseTake" | "leaseExtend" | "leaseDrop" | "beat" | "dropPresence" | "present" | "takeTokens";

export const scripts: Readonly<Record<ScriptName, { readonly keys: number; readonly lua: string }>> = {
  /** KEYS lease, fence; ARGV owner, ttl, 1 to take it over. The fence, or an empty one and who holds it. */
  leaseTake: {
    keys: 2,
    lua: `${NOW}
      local held = redis.call('GET', KEYS[1])
      if held and ARGV[3] ~= '1' then return {'', string.match(held, ' (.*)')} end
      local fence = redis.call('EXISTS', KEYS[2]) == 1 and redis.call('INCR', KEYS[2]) or now
      fence = string.format('%.0f', fence)
      redis.call('SET', KEYS[2], fence, 'PX', ARGV[2] + ${REMEMBER_MS})
      redis.call('SET', KEYS[1], fence .. ' ' .. ARGV[1], 'PX', ARGV[2])
      return {fence, ''}`,
  },
  /** KEYS lease, fence; ARGV fence, ttl. */
  leaseExtend: {
    keys: 2,
    lua: `local held = redis.call('GET', KEYS[1])
      if not held or string.match(held, '%d+') ~= ARGV[1] then return 0 end
      redis.call('PEXPIRE', KEYS[2], ARGV[2] + ${REMEMBER_MS})
      return redis.call('PEXPIRE', KEYS[1], ARGV[2])`,
  },
  /** KEYS lease; ARGV fence. */
  leaseDrop: {
    keys: 1,
    lua: `local held = redis.call('GET', KEYS[1])
      if held and string.match(held, '%d+') == ARGV[1] then redis.call('DEL', KEYS[1]) end
      return 1`,
  },
  /** KEYS times, data; ARGV key, data, ttl. */
  beat: {
    keys: 2,
    lua: `${NOW}
      redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
      redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
      return 1`,
  },
  /** KEYS times, data; ARGV key. */
  dropPresence: {
    keys: 2,
    lua: `redis.call('ZREM', KEYS[1], ARGV[1])
      redis.call('HDEL', KEYS[2], ARGV[1])
      return 1`,
  },
  /** KEYS times, data; ARGV prefix. Keys and data by turns. */
  present: {
    keys: 2,
    lua: `${NOW}
      for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)) do
        redis.call('ZREM', KEYS[1], key)
        redis.call('HDEL', KEYS[2], key)
      end
      local found = {}
      for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')) do
        if string.sub(key, 1, #ARGV[1]) == ARGV[1] then
          found[#found + 1] = key
          found[#found + 1] = redis.call('HGET', KEYS[2], key)
        end
      end
      return found`,
  },
  /** KEYS bucket; ARGV cost, burst, tokens a second. 0, or how long until there are enough, ms. */
  takeTokens: {
    keys: 1,
    lua: `${NOW}
      local cost, burst, rate = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
      local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
      local tokens, at = tonumber(kept[1]) or burst, tonumber(kept[2]) or now
      tokens = math.min(burst, tokens + math.max(0, now - at) * rate / 1000)
      local wait = 0
      if tokens >= cost then tokens = tokens - cost else wait = math.ceil((cost - tokens) * 1000 / rate) end
      redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.0f', now))
      redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens) * 1000 / rate) + 1000)
      return wait`,
  },
};
