// A scenario for the generated TypeScript client: a movie, its cast in pages, a search, a conflicting
// change, a history.
//
// BASE_URL is the URL of the API. TOKEN is an access token of a producer. The output is JSON, and the
// same as that of `scenario.py`. The test compiles and runs this file next to the generated api.ts.

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
  [
    {
      name: "Al Pacino",
      gender: "male",
      date_of_birth: "1940-04-25",
      languages: { it: "conversational" },
      skills: ["Shouting", "Tango"],
    },
    "Vincent Hanna",
  ],
  [{ name: "Robert De Niro", gender: "male", date_of_birth: "1943-08-17" }, "Neil McCauley"],
  [{ name: "Amy Brenneman", gender: "female", age: 31 }, null],
];

/** Return the body of a response. Throw if it is a failure. */
function bodyOf<Data>(response: {
  data?: Data;
  error?: { message: string; detail: string };
}): Data {
  if (response.data === undefined) {
    throw new Error(`${response.error?.message}: ${response.error?.detail}`);
  }
  return response.data;
}

/** Return the ETag of a response for which the contract requires one. */
function etag<Promised extends { headers: { ETag: string } }>(response: Response): string {
  const name: keyof Promised["headers"] & "ETag" = "ETag";
  const value = response.headers.get(name);
  if (value === null) throw new Error("the response has no ETag");
  return value;
}

type Created = operations["create_movie"]["responses"][201];
type Changed = operations["change_movie"]["responses"];
type Read = operations["get_movie"]["responses"][200];

async function scenario(): Promise<unknown> {
  const post = {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    // `satisfies` rejects unknown fields. openapi-fetch alone accepts them.
    body: { title: "Heat", release_date: "1994-12-15" } satisfies Schemas["NewMovie"],
  };
  const created = await api.POST("/movies", post);
  const movie_id = bodyOf(created).created;
  const same_id = bodyOf(await api.POST("/movies", post)).created === movie_id;
  const firstEtag = etag<Created>(created.response);

  const actorIds: string[] = [];
  for (const [index, [person, character_name]] of people.entries()) {
    const actor_id = bodyOf(await api.POST("/actors", { body: person })).created;
    actorIds.push(actor_id);
    const billing_order = index + 1;
    const body: Schemas["NewRoleInMovie"] = { actor_id, character_name, billing_order };
    const params = { path: { movie_id } };
    bodyOf(await api.POST("/movies/{movie_id}/actors", { params, body }));
  }

  const pages: [string, string][][] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } = { limit: 2, ...(cursor && { cursor }) };
    const page: operations["list_movie_actors"]["responses"][200]["content"]["application/json"] =
      bodyOf(await api.GET("/movies/{movie_id}/actors", { params: { path: { movie_id }, query } }));
    pages.push(
      page.actors.map((actor) => [actor.name, actor.character_name?.toUpperCase() ?? "nobody"]),
    );
    cursor = page.next_cursor;
  } while (cursor !== null);

  const filters = {
    search: "pacino al",
    gender: "male",
    language: ["it"],
    skill: ["tango", "shouting"],
    active: true,
  } satisfies operations["list_actors"]["parameters"]["query"];
  const list = bodyOf(await api.GET("/actors", { params: { query: filters } }));
  const found = list.actors.map((actor) => actor.id === actorIds[0] && actor.name);

  const change = (version: string, body: Schemas["MovieChanges"]) =>
    api.PATCH("/movies/{movie_id}", {
      params: { path: { movie_id }, header: { "If-Match": version } },
      body,
    });
  const changed = await change(firstEtag, { release_date: "1995-12-15" });
  const secondEtag = etag<Changed[200]>(changed.response);
  const outdated = await change(firstEtag, { title: "Heat, again" });
  if (outdated.error?.error !== 412) throw new Error("an outdated change must fail with 412");
  const { success, message, detail }: Schemas["Failure412"] = outdated.error;
  const currentEtag = etag<Changed[412]>(outdated.response);
  const read = await api.GET("/movies/{movie_id}", { params: { path: { movie_id } } });
  const retried = await change(etag<Read>(read.response), { title: "Heat, again" });
  const { title, release_date, version, role_count } = bodyOf(retried).movie;
  const { history } = bodyOf(
    await api.GET("/movies/{movie_id}/history", { params: { path: { movie_id } } }),
  );
  const renamed = history[0]?.changes["title"] ?? [];

  let deleted = 0;
  for (const actor_id of actorIds) {
    const params = { path: { actor_id } };
    // 202 means that roles remain. The same request continues the deletion.
    while ("remaining" in bodyOf(await api.DELETE("/actors/{actor_id}", { params })));
    deleted += 1;
  }
  const params = { path: { movie_id } };
  const movieDeleted = bodyOf(await api.DELETE("/movies/{movie_id}", { params }));
  if (movieDeleted.deleted === movie_id) deleted += 1;

  return {
    same_id,
    pages,
    found,
    etags: [firstEtag, secondEtag, currentEtag],
    failure: { success, message, detail },
    retried: { title, release_date, version, role_count },
    history: history.map((record) => [record.version, record.operation]),
    renamed,
    deleted,
  };
}

// Never called. The compiler must reject each marked line, for the reason above it.
export async function rejected(movie_id: string): Promise<void> {
  const page = bodyOf(await api.GET("/movies/{movie_id}", { params: { path: { movie_id } } }));
  const list = await api.GET("/movies");
  // @ts-expect-error TS2353: NewMovie has no such field
  const film: Schemas["NewMovie"] = { title: "Heat", release_date: "1995-12-15", rating: 8 };
  // @ts-expect-error TS2322: the release date is missing
  await api.POST("/movies", { body: { title: film.title } });
  // @ts-expect-error TS2322: not a gender
  await api.POST("/actors", { body: { name: "Al Pacino", gender: "man", age: 55 } });
  // @ts-expect-error TS2322: no such sort order
  await api.GET("/movies", { params: { query: { sort: "rating" } } });
  // @ts-expect-error TS2322: not a gender
  await api.GET("/actors", { params: { query: { gender: "woman" } } });
  // @ts-expect-error TS2322: a skill may be repeated, so it is a list
  await api.GET("/actors", { params: { query: { skill: "riding" } } });
  // @ts-expect-error TS2353: no such filter
  await api.GET("/movies", { params: { query: { director: "Michael Mann" } } });
  // @ts-expect-error TS2345: the id of the movie is missing
  await api.PATCH("/movies/{movie_id}", { body: { title: "Heat" } });
  // @ts-expect-error TS2554: not a path of the API
  await api.GET("/films");
  // @ts-expect-error TS2339: the movie has no such member
  page.movie.rating;
  // @ts-expect-error TS2532: a movie may have no roles
  page.roles[0].actor_name;
  // @ts-expect-error TS18047: the name of the character may be null
  page.roles.map((role) => role.character_name.length);
  const path = { movie_id };
  const { history } = bodyOf(await api.GET("/movies/{movie_id}/history", { params: { path } }));
  // @ts-expect-error TS2533: the values of personal data are not recorded
  history.map((record) => record.changes["title"][0]);
  // @ts-expect-error TS2367: not an operation
  history.filter((record) => record.operation === "renamed");
  // @ts-expect-error TS18048: the response may be a failure
  list.data.movies;
  // @ts-expect-error TS2367: a list never responds with this status
  if (list.error?.error === 412) return;
  // @ts-expect-error TS2344: a list has no ETag
  etag<operations["list_movies"]["responses"][200]>(list.response);
}

console.log(JSON.stringify(await scenario()));
