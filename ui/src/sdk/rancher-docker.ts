/**
 * `ddClient.docker` of Rancher Desktop (its preload script, 1.24): lists are put together from what the docker program
 * prints, so their entries have other shapes, and there are functions that no other runtime has.
 */
import type { v1 } from "@docker/extension-api-client-types"

interface Options {
  all?: boolean
  limit?: number
  size?: boolean
  digests?: boolean
  filters?: unknown
  namespace?: string
}

interface Events {
  filters?: Partial<Record<"type" | "event" | "container" | "label", readonly string[]>>
}

/** What one line of the docker program's JSON holds, or one thing that it inspects. */
type Entry = Record<string, unknown>

/** Its functions. `options` are those of the code, and `exec` is `ddClient.docker.cli.exec`. */
export function rancherDocker(exec: v1.Exec) {
  /** The lines of `docker KIND ls`, as JSON. */
  async function ls(kind: string, options: Options, more: readonly string[]): Promise<Entry[]> {
    const args = ["ls", "--format={{json .}}", ...more]
    // An object is put in as it is, so it becomes `[object Object]`.
    if (options.filters !== undefined) args.push(`--filter=${options.filters as string}`)
    if (options.namespace) args.unshift(`--namespace=${options.namespace}`)
    return (await exec(kind, args)).parseJsonLines() as Entry[]
  }

  async function inspect(args: readonly string[]): Promise<Entry[]> {
    return (await exec("inspect", [...args])).parseJsonLines().flat() as Entry[]
  }

  const namespace = ({ namespace }: Options): string[] => (namespace ? [`--namespace=${namespace}`] : [])

  return {
    async listContainers(options: Options = {}): Promise<unknown[]> {
      const limit = (options.limit ?? -1) > -1 ? [`--last=${options.limit}`] : []
      const listed = await ls("container", options, ["--no-trunc", `--all=${options.all ?? false}`, ...limit])
      if (listed.length === 0) return []
      const ids = listed.map((container) => String(container.ID))
      const size = options.size ? ["--size=true"] : []
      const inspected = await inspect(["--format={{json .}}", ...size, ...ids, ...namespace(options)])
      return listed.map((container) =>
        containerOf(
          container,
          inspected.find((one) => String(one.Id).startsWith(String(container.ID))),
        ),
      )
    },

    async listImages(options: Options = {}): Promise<unknown[]> {
      const more = ["--no-trunc", `--all=${options.all ?? false}`, `--digests=${options.digests ?? false}`]
      const listed = await ls("image", options, more)
      if (listed.length === 0) return []
      const ids = listed.map((image) => String(image.ID))
      const inspected = await inspect([...namespace(options), "--format", "json", ...ids])
      return listed.map((image) => imageOf({ ...image, ...inspected.find((one) => one.Id === image.ID) }))
    },

    async listNamespaces(): Promise<string[]> {
      const names = (await exec("namespace", ["list", "--quiet"])).lines()
      return names.map((name) => name.trim()).filter((name) => name !== "")
    },

    async rdListVolumes(options: Options = {}): Promise<unknown[]> {
      return (await ls("volume", options, [])).map(volumeOf)
    },

    rdSubscribeToEvents: (callback: (event: unknown) => void, events: Events = {}) =>
      subscribe(exec, callback, events),
  }
}

function subscribe(exec: v1.Exec, callback: (event: unknown) => void, { filters = {} }: Events) {
  const wanted = (["type", "event", "container", "label"] as const).flatMap((name) =>
    (filters[name] ?? []).flatMap((value) => ["--filter", `${name}=${value}`]),
  )
  const process = exec("system", ["events", "--format", "{{json .}}", ...wanted], {
    stream: {
      onOutput: (output) => {
        if (output.stdout) callback(JSON.parse(output.stdout))
      },
      splitOutputLines: true,
    },
  })
  return { unsubscribe: () => process.close() }
}

function containerOf(listed: Entry, inspected: Entry | undefined): Entry {
  // One that is gone in between throws there too.
  const details = inspected as Entry
  const settings = details.NetworkSettings as Entry | undefined
  const state = details.State as Entry
  const names =
    typeof listed.Names === "string" ? listed.Names.split(/\s+/g) : Array.from(listed.Names as string[])
  return {
    ...taken(listed, ["Image", "Command", "Status"]),
    ...taken(details, ["Id", "NetworkSettings", "Mounts"]),
    ...("Image" in details ? { ImageID: details.Image } : {}),
    HostConfig: details.HostConfig ?? {},
    SizeRootFs: details.SizeRootFs ?? -1,
    SizeRw: details.SizeRw ?? -1,
    Ports: settings?.Ports ?? {},
    ...taken(details.Config as Entry, ["Labels"]),
    ...("Status" in state ? { State: state.Status } : {}),
    Names: names.map((name) => (name.startsWith("/") ? name : `/${name}`)),
    // Milliseconds, where the engine tells seconds.
    Created: printedTime(String(listed.CreatedAt)),
    Started: Date.parse(state.StartedAt as string),
  }
}

/**
 * The time that the docker program prints, such as `2026-01-02 03:04:05 +0000 UTC`, as V8 reads it: it knows the names of
 * few time zones, and NaN is what code gets with any other one.
 */
function printedTime(text: string): number {
  const [, day, time, zone] = /^(\S+) (\S+) ([+-]\d{4}) (?:UTC|GMT|[ECMP][SD]T)$/.exec(text) ?? []
  return day === undefined ? NaN : Date.parse(`${day}T${time}${zone!.slice(0, 3)}:${zone!.slice(3)}`)
}

function imageOf(image: Entry): Entry {
  const containers = parseInt(String(image.Containers), 10)
  return {
    Id: image.Id,
    ParentId: image.Parent ?? "",
    RepoTags: image.RepoTags,
    Created: Date.parse(image.Created as string),
    Size: image.Size,
    SharedSize: -1,
    VirtualSize: image.VirtualSize ?? image.Size,
    Labels: (image.Config as Entry | undefined)?.Labels ?? {},
    Containers: Number.isNaN(containers) ? -1 : containers,
  }
}

const volumeOf = (volume: Entry): Entry => ({
  ...taken(volume, ["Name", "Driver", "Mountpoint", "Scope", "CreatedAt"]),
  Labels: volume.Labels ?? {},
  Options: volume.Options ?? {},
  UsageData: volume.UsageData ?? {},
  Created: volume.CreatedAt ? Date.parse(volume.CreatedAt as string) : 0,
})

function taken(from: Entry, names: readonly string[]): Entry {
  return Object.fromEntries(names.filter((name) => name in (from ?? {})).map((name) => [name, from[name]]))
}
