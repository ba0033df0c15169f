// A vendor whose answers the test decides: what TapRain's page documents, with names of the test's own.
import { createServer } from "node:http";

export class Vendor {
  status = 200;
  offers = ["Freecash CPI"];
  revenue = 100;

  async listen() {
    this.server = createServer((request, answer) => this.#answer(answer));
    // Longer than the exporter keeps quiet, or a request may meet a connection that is just being closed.
    this.server.keepAliveTimeout = 600_000;
    await new Promise((done) => this.server.listen(0, "127.0.0.1", done));
    this.address = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }

  #answer(answer) {
    const body = this.status === 200 ? this.#report() : { success: false, error: "refused" };
    answer.writeHead(this.status, { "content-type": "application/json" });
    answer.end(JSON.stringify(body));
  }

  #report() {
    const now = new Date();
    const midnight = `${now.toISOString().slice(0, 10)}T00:00:00.000Z`;
    const row = (part) => ({ clicks: 200 * part, leads: 20 * part, revenue: this.revenue * part, cvr: 10, epc: 0.5 });
    const share = 1 / this.offers.length;
    const hour = { period: `${now.toISOString().slice(0, 10)} 00:00`, granularity: "hour", ...row(1) };
    return {
      success: true,
      meta: { range: "today", timezone: "UTC", granularity: "hour", period_start: midnight, period_end: now, generated_at: now },
      data: {
        summary: row(1),
        time_series: [hour],
        by_country: [{ country: "US", ...row(1) }],
        by_source: [{ source: "Direct", ...row(1) }],
        by_offer: this.offers.map((offer) => ({ offer, ...row(share) })),
      },
    };
  }
}
