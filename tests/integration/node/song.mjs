// Makes a song with Quartet's protos and the usual gRPC packages: node song.mjs ADDRESS PROTOS OUTPUT
import { writeFileSync } from "node:fs";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const [address, protos, output] = process.argv.slice(2);
const definition = loader.loadSync("quartet/v1/music.proto", { includeDirs: [protos], longs: Number, enums: String });
const { MusicService } = grpc.loadPackageDefinition(definition).quartet.v1;
const client = new MusicService(address, grpc.credentials.createInsecure());

const song = { caption: "a slow waltz", duration: { seconds: 2 }, seeds: [7], output: { format: "AUDIO_FORMAT_FLAC" } };
const audio = [];
const call = client.generate({ song });
call.on("data", (response) => {
  if (response.progress) console.log(`${response.progress.stage} ${response.progress.step}/${response.progress.steps}`);
  if (response.audio) audio.push(response.audio.data);
  if (response.record) console.log(`seed ${response.record.items[0].seed}`);
});
call.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
call.on("end", () => {
  writeFileSync(output, Buffer.concat(audio));
  client.close();
});
