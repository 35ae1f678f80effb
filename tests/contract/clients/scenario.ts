// A film, its cast page by page, and a change that comes too late: with a client that was generated.
//
// BASE_URL is the API, TOKEN a producer's. Prints what it saw as JSON, the same as scenario.py. It is
// compiled and run beside the generated api.ts.

import createClient from "openapi-fetch";
import type { components, operations, paths } from "./api.js";

type Schemas = components["schemas"];

declare const process: { env: Record<string, string | undefined> };

const { BASE_URL = "", TOKEN = "" } = process.env;
const api = createClient<paths>({
  baseUrl: BASE_URL,
  headers: { Authorization: `Bearer ${TOKEN}` },
});

const people: [Schemas["NewActor"], string | null][] = [
  [{ name: "Al Pacino", gender: "male", date_of_birth: "1940-04-25" }, "Vincent Hanna"],
  [{ name: "Robert De Niro", gender: "male", date_of_birth: "1943-08-17" }, "Neil McCauley"],
  [{ name: "Amy Brenneman", gender: "female", age: 31 }, null],
];

/** Gives what an answer brought; ends the scenario where it is a failure. */
function brought<Data>(answer: { data?: Data; error?: { message: string; detail: string } }): Data {
  if (answer.data === undefined) {
    throw new Error(`${answer.error?.message}: ${answer.error?.detail}`);
  }
  return answer.data;
}

/** Gives the ETag of an answer, where the contract promises that it has one. */
function etag<Promised extends { headers: { ETag: string } }>(response: Response): string {
  const name: keyof Promised["headers"] & "ETag" = "ETag";
  const value = response.headers.get(name);
  if (value === null) throw new Error("there is no ETag");
  return value;
}

type Created = operations["create_movie"]["responses"][201];
type Changed = operations["change_movie"]["responses"];
type Read = operations["get_movie"]["responses"][200];

async function scenario(): Promise<unknown> {
  const post = {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    // Each body says what it is: openapi-fetch alone takes what has further fields.
    body: { title: "Heat", release_date: "1994-12-15" } satisfies Schemas["NewMovie"],
  };
  const created = await api.POST("/movies", post);
  const movie_id = brought(created).created;
  const once = brought(await api.POST("/movies", post)).created === movie_id;
  const first = etag<Created>(created.response);

  const cast: string[] = [];
  for (const [index, [person, character_name]] of people.entries()) {
    const actor_id = brought(await api.POST("/actors", { body: person })).created;
    cast.push(actor_id);
    const billing_order = index + 1;
    const body: Schemas["NewRoleInMovie"] = { actor_id, character_name, billing_order };
    const params = { path: { movie_id } };
    brought(await api.POST("/movies/{movie_id}/actors", { params, body }));
  }

  const pages: [string, string][][] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } = { limit: 2, ...(cursor && { cursor }) };
    const page: operations["list_movie_actors"]["responses"][200]["content"]["application/json"] =
      brought(await api.GET("/movies/{movie_id}/actors", { params: { path: { movie_id }, query } }));
    pages.push(page.actors.map((one) => [one.name, one.character_name?.toUpperCase() ?? "nobody"]));
    cursor = page.next_cursor;
  } while (cursor !== null);

  const change = (version: string, body: Schemas["MovieChanges"]) =>
    api.PATCH("/movies/{movie_id}", {
      params: { path: { movie_id }, header: { "If-Match": version } },
      body,
    });
  const changed = await change(first, { release_date: "1995-12-15" });
  const second = etag<Changed[200]>(changed.response);
  const late = await change(first, { title: "Heat, again" });
  if (late.error?.error !== 412) throw new Error("a change of what has been changed");
  const { success, message, detail }: Schemas["Failure412"] = late.error;
  const told = etag<Changed[412]>(late.response);
  const read = await api.GET("/movies/{movie_id}", { params: { path: { movie_id } } });
  const retried = await change(etag<Read>(read.response), { title: "Heat, again" });
  const { title, release_date, version, role_count } = brought(retried).movie;

  let removed = 0;
  for (const actor_id of cast) {
    const params = { path: { actor_id } };
    // 202 where very many roles remain: the same request goes on.
    while ("remaining" in brought(await api.DELETE("/actors/{actor_id}", { params })));
    removed += 1;
  }
  const gone = brought(await api.DELETE("/movies/{movie_id}", { params: { path: { movie_id } } }));
  if (gone.deleted === movie_id) removed += 1;

  return {
    once,
    pages,
    etags: [first, second, told],
    failure: { success, message, detail },
    retried: { title, release_date, version, role_count },
    removed,
  };
}

// Never called: each line is wrong, for the reason beside it, and is refused by the compiler.
export async function refused(movie_id: string): Promise<void> {
  const page = brought(await api.GET("/movies/{movie_id}", { params: { path: { movie_id } } }));
  const answer = await api.GET("/movies");
  // @ts-expect-error TS2353: a field that a film does not have
  const film: Schemas["NewMovie"] = { title: "Heat", release_date: "1995-12-15", rating: 8 };
  // @ts-expect-error TS2322: the release date is missing
  await api.POST("/movies", { body: { title: film.title } });
  // @ts-expect-error TS2322: not a gender
  await api.POST("/actors", { body: { name: "Al Pacino", gender: "man", age: 55 } });
  // @ts-expect-error TS2322: no order that a list has
  await api.GET("/movies", { params: { query: { sort: "rating" } } });
  // @ts-expect-error TS2345: the movie is missing
  await api.PATCH("/movies/{movie_id}", { body: { title: "Heat" } });
  // @ts-expect-error TS2554: not a path of the API
  await api.GET("/films");
  // @ts-expect-error TS2339: a member that is not shown
  page.movie.rating;
  // @ts-expect-error TS2532: a movie may have no roles
  page.roles[0].actor_name;
  // @ts-expect-error TS18047: the character may have no name
  page.roles.map((role) => role.character_name.length);
  // @ts-expect-error TS18048: it may be a failure
  answer.data.movies;
  // @ts-expect-error TS2367: not a status that a list answers
  if (answer.error?.error === 412) return;
  // @ts-expect-error TS2344: a list has no ETag
  etag<operations["list_movies"]["responses"][200]>(answer.response);
}

console.log(JSON.stringify(await scenario()));
