// What an answer and a month cost: the model of streamways/costs, on the page. A test compares the two.
(function () {
  'use strict';

  // Sums in the order of the model, so that both come to the same.
  function sum(numbers) {
    return numbers.reduce((total, one) => total + one, 0);
  }

  function seconds(workload) {
    return workload.first_token_seconds + workload.output_tokens / workload.tokens_per_second;
  }

  // Half goes to the even number, as in Python.
  function rounded(number) {
    const floor = Math.floor(number);
    if (number - floor === 0.5) return floor % 2 === 0 ? floor : floor + 1;
    return Math.round(number);
  }

  function ceilOf(number) {
    return Math.ceil(Number(number.toFixed(6)));
  }

  // Sizes of the messages that bring an answer: those with text, and those around it.
  function messages(figures, one, workload) {
    const c = figures.constants;
    const textBytes = rounded(workload.output_tokens * workload.bytes_per_token);
    let texts = workload.output_tokens;
    if (one.worker) {
      const streaming = workload.output_tokens / workload.tokens_per_second;
      texts = Math.min(texts, ceilOf(streaming / workload.interval_seconds));
    }
    const controls = one.transport === 'appsync' ? c.CONTROL_BATCHES : c.CONTROL_PARTS;
    return {
      texts,
      controls,
      text: rounded(c.PART_BYTES + textBytes / texts),
      control: Math.floor((c.CONTROL_PART_BYTES * c.CONTROL_PARTS) / controls),
      textBytes,
    };
  }

  // Quantities of one answer by the name of their price.
  function answer(figures, name, workload) {
    const c = figures.constants;
    const one = figures.architectures[name];
    const sent = messages(figures, one, workload);
    const time = seconds(workload);
    const billed = Math.ceil(time * 1000) / 1000;
    const gigabytes = workload.memory_megabytes / 1024;
    const following = one.transport === 'appsync' ? 0 : workload.readers;
    const short = one.shortFunctions * (1 + following);
    const receivers = 1 + workload.readers;
    const minutes = workload.connection_seconds / 60;
    const bytes = sent.texts * sent.text + sent.controls * sent.control;
    const units = size =>
      sent.texts * Math.max(1, Math.ceil((sent.text + one.envelopeBytes) / size)) +
      sent.controls * Math.max(1, Math.ceil((sent.control + one.envelopeBytes) / size));
    const renewals = Math.max(0, Math.ceil((time - c.HEARTBEAT_SECONDS) / c.RENEW_SECONDS));
    const flushes = Math.max(1, Math.ceil(time / c.FLUSH_SECONDS));
    const item = c.JOURNAL_ITEM_BYTES + bytes / flushes / c.JOURNAL_COMPRESSION;
    const writes =
      c.START_WRITES +
      one.claimWrites +
      renewals +
      (c.FIRST_FLUSH_WRITES + flushes * Math.ceil(item / c.WRITE_UNIT_BYTES)) +
      (c.END_WRITES + 2 * Math.ceil((c.ANSWER_ITEM_BYTES + sent.textBytes) / c.WRITE_UNIT_BYTES)) +
      (one.transport === 'websocket' ? c.TICKET_WRITES * (1 + following) : 0) +
      following * one.readerWrites;
    const looks = Math.floor(time / c.HEARTBEAT_SECONDS) - renewals;
    const reads = c.START_READS + looks * c.HEARTBEAT_READS + following * c.READER_READS_A_SECOND * time;
    const invocations = 1 + short + following;
    const quantities = {
      REQUEST: invocations,
      COMPUTE: gigabytes * (billed * (1 + following) + short * workload.short_function_seconds),
      WRITE: writes,
      READ: reads,
      LOG: (invocations * c.INVOCATION_LOG_BYTES + c.STREAM_LOG_BYTES) / 1e9,
      TRANSFER: ((bytes + (sent.texts + sent.controls) * one.envelopeBytes) * receivers) / 1e9,
    };
    if (one.transport === 'websocket') {
      quantities.SOCKET_MESSAGE = (units(figures.socketUnitBytes) + c.OTHER_FRAMES) * receivers;
      quantities.SOCKET_MINUTE = minutes * receivers;
    }
    if (one.transport === 'appsync') {
      quantities.OPERATION = 1 + sent.texts + sent.controls;
      quantities.UPDATE = (units(figures.updateUnitBytes) + 1) * receivers;
      quantities.REALTIME_MINUTE = minutes * receivers;
    }
    return quantities;
  }

  function usd(figures, quantities) {
    return sum(Object.entries(quantities).map(([priced, quantity]) => quantity * figures.prices[priced]));
  }

  // A month of one architecture that nobody uses.
  function idle(figures) {
    const { minutes, sweep_seconds, sweep_read_units, memory_megabytes } = figures.idle;
    return {
      REQUEST: minutes,
      COMPUTE: (minutes * sweep_seconds * memory_megabytes) / 1024,
      READ: minutes * sweep_read_units,
      LOG: (minutes * figures.constants.INVOCATION_LOG_BYTES) / 1e9,
    };
  }

  function metrics(figures, busyHours) {
    return (figures.constants.METRICS * busyHours * figures.prices.METRIC) / figures.constants.HOURS_OF_A_MONTH;
  }

  // USD: an answer, a month by what it is spent on, an idle month, the life of a preview, and the share of waiting.
  function costs(figures, name, workload, size) {
    const c = figures.constants;
    const one = figures.architectures[name];
    const quantities = answer(figures, name, workload);
    const each = usd(figures, quantities);
    const price = figures.models[workload.model];
    const model = (workload.input_tokens * price.input + workload.output_tokens * price.output) / 1e6;
    const part = names => usd(figures, Object.fromEntries(names.filter(n => n in quantities).map(n => [n, quantities[n]])));
    const inChat = messages(figures, one, workload).textBytes + c.ANSWER_ITEM_BYTES + c.CHAT_ITEM_BYTES + c.STORED_ITEM_BYTES;
    const kept = inChat + c.USAGE_ITEM_BYTES + c.STORED_ITEM_BYTES;
    const idleMonth = usd(figures, idle(figures));
    const month = {
      computing: size.answers * part(['REQUEST', 'COMPUTE']),
      transport:
        size.answers * part(['SOCKET_MESSAGE', 'SOCKET_MINUTE', 'OPERATION', 'UPDATE', 'REALTIME_MINUTE', 'TRANSFER']),
      table: size.answers * part(['WRITE', 'READ']) + (size.answers * kept * figures.prices.STORAGE) / 1e9,
      watching: size.answers * part(['LOG']) + metrics(figures, size.busy_hours),
      schedule: idleMonth,
      users: size.users * figures.prices.USER,
    };
    const working = (one.processorSeconds * workload.output_tokens) / figures.workload.output_tokens;
    return {
      answer: each,
      model,
      month,
      services: sum(Object.values(month)),
      monthOfModel: size.answers * model,
      idle: idleMonth,
      preview: (idleMonth * figures.previewDays * 24) / c.HOURS_OF_A_MONTH + metrics(figures, figures.previewBusyHours),
      waiting: 1 - working / seconds(workload),
    };
  }

  // Dollars, without cents from 100 on, as the tables of the cost page have them.
  function dollars(amount) {
    const digits = amount < 100 ? 2 : 0;
    return amount.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }

  const api = { costs, dollars };
  if (typeof module !== 'undefined') module.exports = api;
  else globalThis.costCalculator = api;
})();
