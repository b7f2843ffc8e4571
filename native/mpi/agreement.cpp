#include "agreement.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace adabelief::mpi {

namespace {

/** What a rank tells the others where they do not agree. */
struct Record {
  double parts[agreement_parts];
  std::uint32_t ok, length;
  char message[440];
};
static_assert(sizeof(Record) == 512);

/** FNV-1a over the bytes of the parts. */
std::uint64_t digest(const Agreement& agreement) {
  unsigned char bytes[sizeof agreement.parts];
  std::memcpy(bytes, agreement.parts.data(), sizeof bytes);
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

std::vector<Record> exchange_records(World& world, const Agreement& agreement) {
  std::vector<Record> all(static_cast<std::size_t>(world.size()), Record{});
  Record& own = all[static_cast<std::size_t>(world.rank())];
  std::copy(agreement.parts.begin(), agreement.parts.end(), own.parts);
  own.ok = agreement.ok ? 1 : 0;
  own.length = static_cast<std::uint32_t>(std::min(agreement.message.size(), sizeof own.message));
  std::memcpy(own.message, agreement.message.data(), own.length);
  Request request;
  world.check(world.api().iallgather(all.data(), sizeof(Record), Type::byte, request), "MPI_Iallgather");
  world.wait(request, "MPI_Iallgather");
  return all;
}

/** What most ranks say of a part; where as many say something else, what the first of them says. */
double usual(const std::vector<Record>& all, std::size_t part) {
  double best = all[0].parts[part];
  std::ptrdiff_t most = 0;
  for (const Record& record : all) {
    const double value = record.parts[part];
    const auto count = std::count_if(all.begin(), all.end(), [&](const Record& other) { return other.parts[part] == value; });
    if (count > most) {
      best = value;
      most = count;
    }
  }
  return best;
}

Failure why_not(const std::vector<Record>& all) {
  const int size = static_cast<int>(all.size());
  for (int rank = 0; rank < size; ++rank) {
    const Record& record = all[static_cast<std::size_t>(rank)];
    if (record.ok == 0) return Failure(Fault::peer, std::string(record.message, record.length), rank);
  }
  for (std::size_t part = 0; part < agreement_parts; ++part) {
    const double expected = usual(all, part);
    for (int rank = 0; rank < size; ++rank) {
      if (all[static_cast<std::size_t>(rank)].parts[part] == expected) continue;
      return Failure(Fault::disagree, "", rank, static_cast<int>(part));
    }
  }
  return Failure(Fault::lost, "MPI_Iallreduce: the ranks agree, and their digests do not");
}

}  // namespace

void agree(World& world, const Agreement& agreement) {
  // The least digest and the least complement are complements of each other only where all digests are the same.
  const std::uint64_t hash = digest(agreement);
  std::uint64_t least[3] = {agreement.ok ? 1u : 0u, hash, ~hash};
  Request request;
  world.check(world.api().iallreduce(least, 3, Type::u64, Reduction::min, request), "MPI_Iallreduce");
  world.wait(request, "MPI_Iallreduce");
  if (least[0] == 1 && least[1] == ~least[2]) return;
  throw why_not(exchange_records(world, agreement));
}

}  // namespace adabelief::mpi
