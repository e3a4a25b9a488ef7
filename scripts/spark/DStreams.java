import java.io.IOException;
import java.util.Arrays;

import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.streaming.Durations;
import org.apache.spark.streaming.Time;
import org.apache.spark.streaming.api.java.JavaDStream;
import org.apache.spark.streaming.api.java.JavaPairDStream;
import org.apache.spark.streaming.api.java.JavaStreamingContext;
import org.apache.spark.streaming.scheduler.BatchInfo;
import org.apache.spark.streaming.scheduler.StreamingListener;
import org.apache.spark.streaming.scheduler.StreamingListenerBatchCompleted;

import scala.Tuple2;

/**
 * One workload of DStreams over lines from a server, in batches of a second, until stdin ends.
 *
 * <p>Tells a JSON line for each batch's result, and one for what the scheduler says of the batch.
 */
public final class DStreams {
    public static void main(String[] args) throws InterruptedException, IOException {
        if (args.length != 5) {
            System.err.println("usage: DStreams WORKLOAD HOST PORT RECEIVERS CHECKPOINT_DIR");
            System.exit(2);
        }
        int port = Integer.parseInt(args[2]);
        int receivers = Integer.parseInt(args[3]);

        SparkConf conf = new SparkConf().setAppName(args[0]);
        JavaStreamingContext context = new JavaStreamingContext(conf, Durations.seconds(1));
        context.sparkContext().setLogLevel("WARN");
        // An inverse needs a place for checkpoints.
        context.checkpoint(args[4]);
        context.ssc().addStreamingListener(new Teller());

        JavaDStream<String> lines = receive(context, args[1], port);
        for (int n = 1; n < receivers; n++) {
            lines = lines.union(receive(context, args[1], port));
        }
        describe(args[0], lines);
        context.start();
        // Whoever started this holds the other end: should that process die, this one ends too.
        while (System.in.read() >= 0) {}
        context.stop(true, false);
    }

    private static JavaDStream<String> receive(JavaStreamingContext context, String host, int port) {
        return context.socketTextStream(host, port, StorageLevel.MEMORY_ONLY());
    }

    private static void describe(String workload, JavaDStream<String> lines) {
        switch (workload) {
            case "grep" -> lines.filter(line -> line.contains("error"))
                .foreachRDD((rdd, time) -> tell(time, "matched", rdd.count()));
            case "word-count" -> pairs(lines).reduceByKey(Long::sum)
                .foreachRDD(DStreams::tellCounts);
            case "windowed-word-count-inverse" -> pairs(lines)
                .reduceByKeyAndWindow(
                    Long::sum, (a, b) -> a - b, Durations.seconds(10), Durations.seconds(1))
                .persist(StorageLevel.MEMORY_ONLY())
                .foreachRDD(DStreams::tellCounts);
            default -> throw new IllegalArgumentException("there is no workload " + workload);
        }
    }

    private static JavaPairDStream<String, Long> pairs(JavaDStream<String> lines) {
        return lines.flatMap(line -> Arrays.asList(line.split(" ")).iterator())
            .mapToPair(word -> new Tuple2<>(word, 1L));
    }

    private static void tellCounts(JavaPairRDD<String, Long> counts, Time time) {
        long total = counts.aggregate(
            0L, (sum, count) -> sum + count._2(), Long::sum);
        tell(time, "total", total);
    }

    private static void tell(Time time, String name, long value) {
        System.out.printf(
            "{\"batch_time_ms\":%d,\"result\":{\"%s\":%d}}%n", time.milliseconds(), name, value);
    }

    /** Tells what the scheduler says of each batch once it is done. */
    private static final class Teller implements StreamingListener {
        @Override
        public void onBatchCompleted(StreamingListenerBatchCompleted completed) {
            BatchInfo batch = completed.batchInfo();
            // Such as one whose blocks there was no memory for: it looks quick.
            boolean failed = batch.outputOperationInfos().values()
                .exists(output -> output.failureReason().isDefined());
            System.out.printf(
                "{\"batch_time_ms\":%d,\"submitted_ms\":%d,\"records\":%d,"
                    + "\"scheduling_delay_ms\":%s,\"processing_ms\":%s,\"failed\":%b}%n",
                batch.batchTime().milliseconds(),
                batch.submissionTime(),
                batch.numRecords(),
                batch.schedulingDelay().get(),
                batch.processingDelay().get(),
                failed);
        }
    }
}
